"""Format of the images' manifests: Docker's, not OCI's; no CDK is imported, which takes seconds.

SageMaker's CreateModel refuses OCI manifests and indexes (https://github.com/aws/amazon-sagemaker-feedback/issues/180).
Docker makes them where it uses containerd's image store, the default of new installations, and BuildKit 0.31 and later
make them unless told not to, by ``type=docker`` alone too (https://github.com/moby/buildkit/pull/6824 and /6844).
"""

from __future__ import annotations

from collections.abc import Mapping

BUILD_OUTPUT = "type=docker,oci-mediatypes=false"
"""Value of ``--output`` of Docker's build."""
BUILD_ENVIRONMENT: Mapping[str, str] = {
    # An attestation makes the tag an index of two manifests.
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
    # Without BuildKit there is no --output and no COPY --chmod. So Docker says that its plugin buildx is missing.
    "DOCKER_BUILDKIT": "1",
}
"""Environment variables that Docker's build needs in addition."""


def is_refused(media_type: str) -> bool:
    """Return whether SageMaker refuses an image whose manifest has this media type."""
    return media_type.startswith("application/vnd.oci.")
