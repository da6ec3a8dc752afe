"""The form in which both functions send frames to the container, as their environments say it."""

from __future__ import annotations

from collections.abc import Mapping

from constructs import Construct

from stacks.parameters.models import ModelParameters


class ContainerForm(Construct):
    """The form chosen by ``containerRequestFormat``.

    Attributes:
        environment: variables of the functions.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: ModelParameters) -> None:
        super().__init__(scope, construct_id)
        self.environment: Mapping[str, str] = {
            "CONTAINER_REQUEST_FORMAT": parameters.container_request_format.value_as_string,
            "CONTAINER_SHORT_SIZE": parameters.older_short_size(self),
        }
