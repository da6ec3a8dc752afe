"""Folders of the repository that a synthesis reads or writes."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FUNCTION_SOURCES = REPOSITORY / "lambda" / "inference"
CACHE = REPOSITORY / ".cache"
"""Results of earlier syntheses; safe to delete."""
