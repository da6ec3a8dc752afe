"""Scopes of credentials, apart from the credentials themselves: every start of the API's function needs these alone."""

from __future__ import annotations

SCOPES = ("frames", "read", "faces")
"""What a credential may do: send frames, fetch answers and events, and, for what is to come, use face collections."""
