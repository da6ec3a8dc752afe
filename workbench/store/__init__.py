"""Local store of models: artefacts with their hashes, and model folders.

No code here runs a model.
"""
