"""Stand-in for Service Quotas, which moto lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError


class Quotas:
    """Client of Service Quotas with the quotas of an account and AWS's defaults, in pages of one.

    Attributes:
        services: services that were asked for.
    """

    def __init__(
        self, applied: Mapping[str, int], defaults: Mapping[str, int] | None = None, refuses: str = ""
    ) -> None:
        """Take quotas by name, and the code of the error that it answers with in place of them."""
        self._lists = {"list_service_quotas": applied, "list_aws_default_service_quotas": defaults or {}}
        self._refuses = refuses
        self.services: list[str] = []

    def get_paginator(self, operation: str) -> _Pages:
        """Pages of a list."""
        return _Pages(self, operation, self._lists[operation], self._refuses)


class _Pages:
    def __init__(self, client: Quotas, operation: str, quotas: Mapping[str, int], refuses: str) -> None:
        self._client, self._operation, self._quotas, self._refuses = client, operation, quotas, refuses

    def paginate(self, ServiceCode: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        if self._refuses:
            raise ClientError({"Error": {"Code": self._refuses, "Message": "no"}}, self._operation)
        self._client.services.append(ServiceCode)
        for number, (name, value) in enumerate(self._quotas.items()):
            yield {"Quotas": [{"QuotaName": name, "QuotaCode": f"L-{number}", "Value": float(value)}]}
