"""Names of applications and roles that need code of their own, as spelt in ``models.json``."""

from __future__ import annotations

FACE_COMPARISON = "face-comparison"
"""Application that takes two frames and runs a pair of models."""
OBJECT_DETECTION = "object-detection"
"""Application that answers all classes of a detector."""
IMAGE_CLASSIFICATION = "image-classification"
"""Application that names a frame as a whole, by a classifier."""
CUSTOM = "custom"
"""Application that runs a user's own program, with any model or none of the catalogue."""

EMBEDDER = "face-embedder"
"""Role of a model that makes a vector of each face."""
CLASSIFIER = "classifier"
"""Role of a model that scores a frame as a whole for each of its classes."""
