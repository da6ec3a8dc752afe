"""Models as folders with a `model.json`; detectors and embedders, and the heads that decode their outputs.

Frameworks stay in `engines`.
"""
