"""Names that a published template and what publishes it agree on; without the CDK, which takes seconds to load."""

from __future__ import annotations

BUCKET_CONTEXT = "publishBucket"
VERSION_CONTEXT = "publishVersion"
REGISTRIES_CONTEXT = "publishRegistries"
REPOSITORY = "ipc-ai-saas/inference"
"""Repository of the images."""
PROCESSORS = ("cpu", "gpu")


def prefix(version: str) -> str:
    """What the keys of all files of a version begin with."""
    return f"ipc-ai-saas/{version}/"


def image_tag(version: str, processor: str) -> str:
    """The tag of a version's image for a processor."""
    return f"{version}-{processor}"
