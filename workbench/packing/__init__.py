"""Packing of a model.tar.gz: layout, program, archive, and the trial that proves it serves.

No AWS is called here; `deployment` uploads.
"""
