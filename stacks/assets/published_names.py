"""Names shared by a published template and its publisher; no CDK is imported, which takes seconds."""

from __future__ import annotations

REPOSITORY = "ipc-ai-saas/inference"
"""Repository of the images."""
PROCESSORS = ("cpu", "gpu")


def prefix(version: str) -> str:
    """The prefix of the keys of a version's files."""
    return f"ipc-ai-saas/{version}/"


def image_tag(version: str, processor: str) -> str:
    """The tag of a version's image for a processor."""
    return f"{version}-{processor}"
