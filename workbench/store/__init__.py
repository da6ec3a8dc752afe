"""The local store of models: artefacts with their hashes, and model folders.

What runs a model is not here.
"""
