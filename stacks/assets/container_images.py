"""The serving container's images, one a processor and perhaps the operator's own, and the choice between them.

All of them are built, because a parameter chooses at the deployment; the context ``builtImage`` names the one that the
parameters choose, and then no other is built or pushed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from aws_cdk import CfnCondition
from aws_cdk.aws_ecr_assets import DockerImageAsset, Platform
from aws_cdk.aws_iam import PolicyStatement
from constructs import Construct

from stacks.assets import publication
from stacks.assets.image_format import BUILD_OUTPUT
from stacks.assets.published_names import PROCESSORS
from stacks.conditions import all_of, differs, equals, is_given, value_if
from stacks.context import (
    BASE_IMAGE,
    BUILT_IMAGE,
    CUSTOMIZED,
    MODELS,
    MODELS_FROM,
    PIP_INDEX_URL,
    RUN_AS,
    built_image,
)
from stacks.errors import ContextValueError
from stacks.parameters import image_uri
from stacks.parameters.endpoint import SERVERLESS
from stacks.parameters.instance_types import has_gpu
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.places import REPOSITORY

# Context values that become build arguments: of every image, and of those for the processors alone.
_BUILD_ARGUMENTS = {BASE_IMAGE: "BASE_IMAGE", PIP_INDEX_URL: "PIP_INDEX_URL", RUN_AS: "RUN_AS"}
_MODEL_ARGUMENTS = {MODELS: "MODELS", MODELS_FROM: "MODELS_FROM"}


class ContainerImages(Construct):
    """The images built here, the one that the operator names, and which of them runs.

    Attributes:
        image_uri: the image named; else the customized one for a custom application or a model that the catalogue does
            not have; else that for the instance type.
        is_named: the condition that the operator names an image.
        runs_gpu_image: the condition that instances have a GPU, and the image is built here.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        customized_application: str | None,
    ) -> None:
        """Build both processors' images from one Dockerfile, or find those of a published template.

        Args:
            scope: where it belongs.
            construct_id: its id.
            parameters: the operator's choices.
            partition: the partition that the stack is in.
            customized_application: folder of the operator's own container, relative to the repository, or None.

        Raises:
            ContextValueError: a published template with a customized application, whose image only the publisher has.
        """
        super().__init__(scope, construct_id)
        self._partition = partition
        self._named_uri = parameters.models.container_image_uri.value_as_string
        self._repository_arn = ""
        self._chosen = built_image(self.node.try_get_context(BUILT_IMAGE))
        published = publication.named(self)
        if published and customized_application:
            raise ContextValueError("a published template has no customized application; leave that context out")
        cpu, gpu = self._published_uris(published) if published else self._built_uris()
        uses_gpu = CfnCondition(
            self,
            "UsesGpu",
            expression=all_of(
                has_gpu(parameters.capacity.deploy_instance_type.value_as_string),
                differs(parameters.endpoint.endpoint_type.value_as_string, SERVERLESS),
            ),
        )
        uri = value_if(uses_gpu, gpu, cpu).to_string()
        if customized_application:
            customized = self._built(
                CUSTOMIZED,
                file=f"{customized_application}/Dockerfile",
                exclude=["containers/inference/models"],
                build_args={"APPLICATION_FOLDER": customized_application},
            )
            is_custom = CfnCondition(self, "IsCustom", expression=parameters.models.names_own_model())
            uri = value_if(is_custom, customized, uri).to_string()
        self.is_named = CfnCondition(self, "IsNamed", expression=is_given(self._named_uri))
        self.image_uri = value_if(self.is_named, self._named_uri, uri).to_string()
        self.runs_gpu_image = CfnCondition(
            self,
            "RunsGpuImage",
            expression=all_of(uses_gpu, equals(self._named_uri, "")),
        )

    def pull(self) -> list[PolicyStatement]:
        """Permission to pull from the repository of the image that runs, and to log in to its registry.

        ECR knows repositories and no images in permissions, so the other images of that repository come with it:
        https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
        """
        repository = image_uri.repository_arn(self._named_uri, in_china=self._partition.is_china)
        if self._repository_arn:
            repository = value_if(self.is_named, repository, self._repository_arn).to_string()
        return [
            PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
            PolicyStatement(
                actions=["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
                resources=[repository],
            ),
        ]

    def _published_uris(self, published: publication.Publication) -> list[str]:
        images = publication.PublishedImages(self, "Published", publication=published)
        self._repository_arn = images.repository.repository_arn
        return [images.uri(processor) for processor in PROCESSORS]

    def _built_uris(self) -> list[str]:
        # Other folders under containers do not change the images for the processors.
        others = [f"{path.parent.name}/{path.name}" for path in REPOSITORY.glob("containers/*")]
        others.remove("containers/inference")
        return [
            self._built(
                processor,
                file="containers/inference/Dockerfile",
                exclude=sorted(others),
                build_args={"PROCESSOR": processor, **self._from_context(_MODEL_ARGUMENTS)},
            )
            for processor in PROCESSORS
        ]

    def _built(self, name: str, *, file: str, exclude: list[str], build_args: Mapping[str, str]) -> str:
        """URI of an image that is built, or a text that no registry has, where another one was chosen.

        SageMaker refuses that text before anything of a running stack changes.
        """
        if self._chosen not in (None, name):
            return f"this-template-has-no-{name}-image.deploy-with-ipc-ai-deploy"
        asset = DockerImageAsset(
            self,
            name.title(),
            directory=str(REPOSITORY),  # .dockerignore keeps all but containers, catalogue and `ipc-ai fetch` out
            file=file,
            exclude=exclude,
            build_args={**build_args, **self._from_context(_BUILD_ARGUMENTS)},
            platform=Platform.LINUX_AMD64,
            outputs=_outputs(),
        )
        self._repository_arn = asset.repository.repository_arn
        return asset.image_uri

    def _from_context(self, names: Mapping[str, str]) -> dict[str, str]:
        """Build arguments from `cdk deploy --context NAME=VALUE`."""
        given = {argument: self.node.try_get_context(context) for context, argument in names.items()}
        return {argument: str(value) for argument, value in given.items() if value}


def _outputs() -> list[str] | None:
    """Outputs of a build; Podman has no such output, and takes the format from its environment."""
    return None if "podman" in os.environ.get("CDK_DOCKER", "") else [BUILD_OUTPUT]
