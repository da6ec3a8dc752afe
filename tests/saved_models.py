"""Small SavedModels, written field by field in protobuf's wire format, as TensorFlow's .proto files number them."""

from __future__ import annotations

from collections.abc import Sequence

_LENGTH_DELIMITED = 2


def _field(number: int, value: bytes | str) -> bytes:
    body = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def saved_model(
    *,
    tags: Sequence[str] = ("serve",),
    signatures: Sequence[str] = ("serving_default",),
    variables: bool = False,
    assets: Sequence[str] = (),
    output: str = "Identity:0",
) -> bytes:
    """A saved_model.pb of a graph that hands its input through."""
    operations = {"x": "Placeholder", "Identity": "Identity", **({"w": "VarHandleOp"} if variables else {})}
    nodes = b"".join(_field(1, _field(1, name) + _field(2, kind)) for name, kind in operations.items())

    def tensor(key: str, name: str) -> bytes:
        return _field(1, key) + _field(2, _field(1, name))

    signature = _field(1, tensor("x", "x:0")) + _field(2, tensor("y", output)) + _field(3, "tensorflow/serving/predict")
    meta_graph = (
        _field(1, b"".join(_field(4, tag) for tag in tags))
        + _field(2, nodes)
        + b"".join(_field(5, _field(1, name) + _field(2, signature)) for name in signatures)
        + b"".join(_field(6, _field(2, name)) for name in assets)
    )
    return b"\x08\x01" + _field(2, meta_graph)
