"""Proof that the product answers as a model's own exporter does: box by box, on real frames, over HTTP.

``exporters`` runs in an environment of its own (``.venv/parity``), which has PyTorch and the exporters and is no
dependency of the product. The rest runs in the workbench's, and knows of an export its files and its answers alone.
"""
