"""Quick answers of moto's DynamoDB, for lists of a fleet.

It tries thirty names on each value of an item, which takes four fifths of a list's time, and sorts the whole table for
each page, which takes a third of the rest.
"""

from __future__ import annotations

from typing import Any

from moto.core import serialize
from moto.dynamodb.models.dynamo_type import DynamoType

_VALUE = "AttributeValue"
_TEXT, _LIST = "S", "L"
_PLAIN = frozenset({_TEXT, "N", "BOOL", "NULL"})
_is_before = DynamoType.__lt__


class _AsTheyAre(serialize.JSONSerializer):  # type: ignore[misc]  # moto is not typed
    """Serializer that writes items of texts, numbers and lists of them as moto has them, in DynamoDB's own form."""

    def _serialize_type_map(self, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.value.name == _VALUE and isinstance(value, dict) and all(map(_is_plain, value.values())):
            self._default_serialize(serialized, value, shape, key)
        else:
            super()._serialize_type_map(serialized, value, shape, key)


def answer_quickly() -> None:
    """Use it for DynamoDB in this process."""
    serialize.SERVICE_SPECIFIC_SERIALIZERS.setdefault("dynamodb", {})["json"] = _AsTheyAre
    DynamoType.__lt__ = _is_before_quickly


def _is_before_quickly(one: Any, other: Any) -> Any:
    """Compare texts, which ids are, at once, and all else as moto does."""
    return one.value < other.value if one.type == other.type == _TEXT else _is_before(one, other)


def _is_plain(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return value.keys() <= _PLAIN or (value.keys() == {_LIST} and all(map(_is_plain, value[_LIST])))
