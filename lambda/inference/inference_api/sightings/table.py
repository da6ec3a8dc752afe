"""The table of states, one conditional update at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from camera_registry.cameras import camera_key
from camera_registry.states import State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Value = int | str
_REFUSED = "ConditionalCheckFailedException"
_NAMES = re.compile(r"#(\w+)")


class ConditionError(Exception):
    """The condition of an update does not hold.

    Attributes:
        item: the item as it is, in DynamoDB's own form; empty where there is none.
    """

    def __init__(self, item: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__("the condition does not hold")
        self.item = item


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of an item, and the condition under which it is made.

    Attributes:
        sets: new values of attributes.
        adds: what is added to numbers, which count as 0 where they are not there.
        removes: attributes that go.
        condition: an expression in which ``#NAME`` is an attribute and ``:NAME`` a value; empty for none.
        values: values of the condition.
    """

    sets: Mapping[str, Value] = field(default_factory=dict)
    adds: Mapping[str, int] = field(default_factory=dict)
    removes: tuple[str, ...] = ()
    condition: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)

    @property
    def request(self) -> dict[str, Any]:
        """The arguments of ``UpdateItem``; every name stands for itself behind ``#``, as many are reserved words."""
        clauses = [
            _clause("SET", (f"#{name} = :{name}" for name in self.sets)),
            _clause("ADD", (f"#{name} :{name}" for name in self.adds)),
            _clause("REMOVE", (f"#{name}" for name in self.removes)),
        ]
        expression = " ".join(filter(None, clauses))
        values = {**self.values, **self.sets, **self.adds}
        condition = (
            {"ConditionExpression": self.condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
            if self.condition
            else {}
        )
        return {
            "UpdateExpression": expression,
            "ExpressionAttributeNames": {f"#{name}": name for name in _NAMES.findall(f"{expression} {self.condition}")},
            "ExpressionAttributeValues": {f":{name}": _typed(value) for name, value in values.items()},
            **condition,
        }


class StatesTable:
    """The states of cameras."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a table.

        Args:
            client: boto3's client of DynamoDB. It must not repeat an update whose answer was lost: that counts twice.
            name: the table's name.
        """
        self._client = client
        self._name = name

    def update(self, camera_id: str, change: Change) -> None:
        """Make a change.

        Raises:
            ConditionError: its condition does not hold.
            Exception: boto3's.
        """
        try:
            self._client.update_item(TableName=self._name, Key={"id": {"S": camera_key(camera_id)}}, **change.request)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != _REFUSED:
                raise
            met: Any = error.response  # boto3's types know nothing of the item
            raise ConditionError(met.get("Item") or {}) from error

    def all(self) -> Iterator[State]:
        """Read the states of all cameras, some of them a second old: a change says what it expects.

        Raises:
            Exception: boto3's.
        """
        asked: dict[str, Any] = {
            "TableName": self._name,
            "FilterExpression": "attribute_exists(last_seen)",
        }
        while True:
            page = self._client.scan(**asked)
            yield from filter(None, map(State.of_item, page["Items"]))
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _clause(word: str, parts: Iterator[str]) -> str:
    joined = ", ".join(parts)
    return f"{word} {joined}" if joined else ""


def _typed(value: Value) -> dict[str, str]:
    return {"N": str(value)} if isinstance(value, int) else {"S": value}
