"""Names of applications that need code of their own, as spelt in ``models.json``."""

from __future__ import annotations

FACE_COMPARISON = "face-comparison"
"""Application that takes two frames and runs a pair of models."""
CUSTOM = "custom"
"""Application that runs a user's own program, with any model or none of the catalogue."""
