"""Routes of the API: the most specific resource first, as API Gateway finds it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-set-up-simple-proxy.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.template.rendered_api import RenderedMethod


@dataclass
class _Resource:
    """Resource, with those below it by the part of the path that leads there."""

    methods: dict[str, RenderedMethod] = field(default_factory=dict)
    parts: dict[str, _Resource] = field(default_factory=dict)

    def below(self, part: str) -> _Resource:
        return self.parts.setdefault(part, _Resource())

    def variable(self, *, greedy: bool) -> tuple[str, _Resource] | None:
        """Name and resource of ``{name}`` below, or of ``{name+}``; the names are None where there is none."""
        for part, resource in self.parts.items():
            if part.startswith("{") and part.endswith("+}") == greedy:
                return part.strip("{+}"), resource
        return None


class Routes:
    """Tree of the API's resources."""

    def __init__(self, methods: Iterable[RenderedMethod]) -> None:
        self._root = _Resource()
        for method in methods:
            resource = self._root
            for part in _parts(method.path):
                resource = resource.below(part)
            resource.methods[method.http_method] = method

    def find(self, path: str, http_method: str) -> tuple[RenderedMethod, dict[str, str]]:
        """Find the method for a path below the stage, with the values of its path parameters as they came.

        A slash at the end is passed over. A resource that fits better than ``{proxy+}`` beside it hides that even from
        methods and paths that it does not have itself.

        Raises:
            RefusedError: there is none.
        """
        resource, values, parts = self._root, dict[str, str](), _parts(path)
        for number, part in enumerate(parts):
            if part in resource.parts:
                resource = resource.parts[part]
            elif part and (variable := resource.variable(greedy=False)):
                values[variable[0]], resource = part, variable[1]
            elif variable := resource.variable(greedy=True):
                values[variable[0]], resource = "/".join(parts[number:]), variable[1]
                break
            else:
                resource = _Resource()
                break
        method = resource.methods.get(http_method) or resource.methods.get("ANY")
        if method is None:
            raise RefusedError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        return method, values


def _parts(path: str) -> list[str]:
    inner = path.strip("/")
    return inner.split("/") if inner else []
