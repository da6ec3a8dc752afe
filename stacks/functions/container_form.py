"""The form in which both functions send frames to the container, as their environments say it."""

from __future__ import annotations

import json
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
            "CONTAINER_DETECTOR": parameters.detector_model_name.value_as_string,
            # Conditions for a dozen names would take four fifths of the time that checks of the template take.
            "CONTAINER_SHORT_SIZE": parameters.container_short_size.value_as_string,
            "CONTAINER_SHORT_SIZES": json.dumps(parameters.short_sizes, separators=(",", ":")),
        }
