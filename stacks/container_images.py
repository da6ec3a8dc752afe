"""The serving container's images, one a processor, and the choice between them."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CfnCondition, CfnMapping, Fn
from aws_cdk.aws_ecr_assets import DockerImageAsset, Platform
from aws_cdk.aws_iam import IGrantable
from constructs import Construct

from stacks.parameters import INSTANCE_PROCESSORS

_REPOSITORY_ROOT = Path(__file__).resolve().parent.parent
# Context values that become build arguments of both images.
_BUILD_ARGUMENTS = {
    "baseImage": "BASE_IMAGE",
    "pipIndexUrl": "PIP_INDEX_URL",
    "models": "MODELS",
    "modelsFrom": "MODELS_FROM",
}


class ContainerImages(Construct):
    """Both images, built from one Dockerfile, and the one that an instance type runs.

    Attributes:
        image_uri: the image for the chosen instance type.
        uses_gpu: the condition that the instance type has a GPU.
    """

    def __init__(self, scope: Construct, construct_id: str, *, instance_type: str) -> None:
        super().__init__(scope, construct_id)
        # `cdk deploy --context baseImage=...` builds on a mirror's image, and so on.
        given = {name: self.node.try_get_context(context) for context, name in _BUILD_ARGUMENTS.items()}
        chosen = {name: str(value) for name, value in given.items() if value}
        self._assets = {
            processor: DockerImageAsset(
                self,
                processor.title(),
                directory=str(_REPOSITORY_ROOT),  # .dockerignore keeps all but the program and its models out
                file="containers/inference/Dockerfile",
                build_args={"PROCESSOR": processor, **chosen},
                platform=Platform.LINUX_AMD64,
            )
            for processor in ("cpu", "gpu")
        }
        processors = CfnMapping(
            self,
            "InstanceProcessors",
            mapping={name: {"Processor": processor} for name, processor in INSTANCE_PROCESSORS.items()},
        )
        self.uses_gpu = CfnCondition(
            self,
            "UsesGpu",
            expression=Fn.condition_equals(processors.find_in_map(instance_type, "Processor"), "gpu"),
        )
        self.image_uri = Fn.condition_if(
            self.uses_gpu.logical_id, self._assets["gpu"].image_uri, self._assets["cpu"].image_uri
        ).to_string()

    def grant_pull(self, grantee: IGrantable) -> None:
        """Lets a role pull both images, so that a change of processor needs no change of permissions."""
        for asset in self._assets.values():
            asset.repository.grant_pull(grantee)
