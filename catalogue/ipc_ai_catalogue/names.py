"""Names of applications that programs treat apart from the others, as ``models.json`` spells them."""

from __future__ import annotations

FACE_COMPARISON = "face-comparison"
"""Takes two frames, and is served by a pair of models."""
CUSTOM = "custom"
"""Runs a user's own program, with any model or none of the catalogue."""
