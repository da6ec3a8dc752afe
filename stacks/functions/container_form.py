"""The form in which both functions send frames to the container, as their environments say it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stacks.parameters.models import ModelParameters


def chosen(parameters: ModelParameters) -> Mapping[str, str]:
    """Variables for ``containerRequestFormat`` and ``containerShortSize`` as they are given."""
    return {
        "CONTAINER_REQUEST_FORMAT": parameters.container_request_format.value_as_string,
        "CONTAINER_SHORT_SIZE": parameters.container_short_size.value_as_string,
    }


def environment(parameters: ModelParameters) -> Mapping[str, str]:
    """The same, and every model's ``short_size``, by ``MODEL_NAME``, for where none is given."""
    return {
        **chosen(parameters),
        # Conditions for a dozen names would take four fifths of the time that checks of the template take.
        "CONTAINER_SHORT_SIZES": json.dumps(parameters.short_sizes, separators=(",", ":")),
    }
