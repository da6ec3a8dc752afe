"""Models as folders: what `model.json` describes, detectors and embedders, and the heads that read their outputs.

Frameworks stay in `engines`.
"""
