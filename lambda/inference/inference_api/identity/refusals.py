"""Wrong credentials, counted by the address that they come from, a minute at a time.

The table of states has an item ``refused#ADDRESS#MINUTE`` for each address and minute with a wrong credential: the
``count``, and ``expires``, after which DynamoDB deletes it. An address of IPv6 counts with its /64, the least that a
line has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from inference_api.identity.aging import AgingCache, Moment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_A_MINUTE = 30
"""Wrong credentials of an address in a minute that are answered as such."""
_MINUTE = 60
_KEPT_S = 3600  # after its minute: for the operator who asks which address an alarm is about
_MOST_ADDRESSES = 4096


class Refusals:
    """The counts of this minute. Not thread-safe."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], Moment] = Moment.now) -> None:
        """Count in a table.

        Args:
            client: boto3's client of DynamoDB, with short timeouts.
            table: the table of states.
            clock: tells the present.
        """
        self._client = client
        self._table = table
        self._clock = clock
        self._known: AgingCache[int] = AgingCache(_MOST_ADDRESSES)

    def count(self, address: str) -> int | None:
        """Count a wrong credential, with one write at most, and none once the minute is known to be full.

        A count that cannot be written is this process's own: a table that does not answer refuses no camera.

        Returns:
            None, or, from the 31st on, the whole seconds until the minute is over.
        """
        now = self._clock()
        minute = int(now.wall // _MINUTE)
        key = f"refused#{_source(address)}#{minute}"
        known = self._known.get(key, now)
        counted = (known[0] if known else 0) + 1
        if counted <= MOST_A_MINUTE:
            counted = self._written(key, (minute + 1) * _MINUTE + _KEPT_S) or counted
            self._known.put(key, counted, now)
        return math.ceil((minute + 1) * _MINUTE - now.wall) if counted > MOST_A_MINUTE else None

    def _written(self, key: str, expires: int) -> int | None:
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": key}},
                UpdateExpression="ADD #count :one SET #expires = :expires",
                ExpressionAttributeNames={"#count": "count", "#expires": "expires"},
                ExpressionAttributeValues={":one": {"N": "1"}, ":expires": {"N": str(expires)}},
                ReturnValues="UPDATED_NEW",
            )
        except (BotoCoreError, ClientError):
            return None
        return int(answer["Attributes"]["count"]["N"])


def _source(address: str) -> str:
    if ":" not in address:
        return address
    import ipaddress  # for IPv6 alone

    try:
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    except ValueError:
        return address
