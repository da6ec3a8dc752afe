"""Check of a SavedModel's parts that TensorFlow Serving needs, without TensorFlow.

The fields are those of TensorFlow's ``saved_model.proto``, ``meta_graph.proto``, ``graph.proto`` and
``saved_object_graph.proto``; what is not looked at is left out, as protobuf skips unknown fields.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.errors import PackageError
from workbench.packing.model_archive import Files

GRAPH = "saved_model.pb"
_SERVE, _DEFAULT = "serve", "serving_default"
_INITIALISES = "__saved_model_init_op"
_VARIABLE_OPS = frozenset({"VarHandleOp", "VariableV2", "Variable"})
_SHARD = re.compile(r"variables\.data-\d{5}-of-(?P<count>\d{5})")
_PACKAGE = "ipc_ai.saved_model"
# Message: its fields as (name, number, type, repeated). A type that is no message's name is protobuf's own.
_MESSAGES: dict[str, tuple[tuple[str, int, str, bool], ...]] = {
    "SavedModel": (("meta_graphs", 2, "MetaGraph", True),),
    "MetaGraph": (
        ("meta_info", 1, "MetaInfo", False),
        ("graph", 2, "Graph", False),
        ("signatures", 5, "NamedSignature", True),
        ("assets", 6, "Asset", True),
        ("objects", 7, "Objects", False),
    ),
    "MetaInfo": (("tags", 4, "string", True),),
    "Graph": (("nodes", 1, "Node", True),),
    "Node": (("name", 1, "string", False), ("op", 2, "string", False)),
    "NamedSignature": (("key", 1, "string", False), ("value", 2, "Signature", False)),
    "Signature": (("inputs", 1, "NamedTensor", True), ("outputs", 2, "NamedTensor", True)),
    "NamedTensor": (("key", 1, "string", False), ("value", 2, "Tensor", False)),
    "Tensor": (("name", 1, "string", False),),
    "Asset": (("filename", 2, "string", False),),
    "Objects": (("nodes", 1, "Object", True),),
    "Object": (("variable", 7, "Variable", False),),
    "Variable": (("dtype", 1, "int32", False),),
}


def check(graph: str, found: Files, *, has_program: bool) -> None:
    """Check one version of a model.

    Args:
        graph: name of its saved_model.pb in the archive.
        found: files of the archive.
        has_program: whether a program calls TensorFlow Serving, and so may call any signature.

    Raises:
        PackageError: TensorFlow Serving cannot serve it.
    """
    meta_graphs = _read(graph, found[graph]).meta_graphs
    served = [each for each in meta_graphs if _SERVE in each.meta_info.tags]
    if not served:
        tags = sorted({tag for each in meta_graphs for tag in each.meta_info.tags})
        raise PackageError(
            f"{graph} has no graph with the tag '{_SERVE}'{f' (it has {_listed(tags)})' if tags else ''}, which "
            "TensorFlow Serving loads; write one with model.export('1')"
        )
    folder = PurePosixPath(graph).parent
    beside = {PurePosixPath(name).relative_to(folder).as_posix() for name in found if name.startswith(f"{folder}/")}
    _check_signatures(graph, served[0], has_program=has_program)
    _check_variables(folder, served[0], beside)
    for asset in served[0].assets:
        if f"assets/{asset.filename}" not in beside:
            raise PackageError(f"{folder}/assets/{asset.filename} is missing, which {graph} reads; put it there")


def _read(graph: str, path: Path) -> Any:
    from google.protobuf.message import DecodeError

    saved = _message_class()()
    try:
        saved.ParseFromString(path.read_bytes())
    except DecodeError as error:
        said = f"{graph} is not a SavedModel: it cannot be parsed; write one with model.export('1')"
        raise PackageError(said) from error
    if not saved.meta_graphs:
        raise PackageError(f"{graph} is not a SavedModel: it has no graph; write one with model.export('1')")
    return saved


def _check_signatures(graph: str, meta_graph: Any, *, has_program: bool) -> None:
    signatures = {entry.key: entry.value for entry in meta_graph.signatures if entry.key != _INITIALISES}
    if not signatures or (_DEFAULT not in signatures and not has_program):
        there = f"it has {_listed(signatures)}" if signatures else "it has none"
        raise PackageError(
            f"{graph} has no signature '{_DEFAULT}' ({there}), which TensorFlow Serving calls; save it with "
            "signatures={'serving_default': ...}"
        )
    nodes = {node.name for node in meta_graph.graph.nodes}
    for name, signature in signatures.items():
        if not signature.outputs:
            raise PackageError(f"the signature '{name}' of {graph} has no output; save it from a function that returns")
        for tensor in (entry.value.name for entry in (*signature.inputs, *signature.outputs)):
            if tensor and tensor.partition(":")[0] not in nodes:
                raise PackageError(f"the signature '{name}' of {graph} names {tensor}, which its graph does not have")


def _check_variables(folder: PurePosixPath, meta_graph: Any, beside: Collection[str]) -> None:
    """Check for the files of variables; a graph of constants has none."""
    of_graph = any(node.op in _VARIABLE_OPS for node in meta_graph.graph.nodes)
    if not of_graph and not any(node.HasField("variable") for node in meta_graph.objects.nodes):
        return
    if "variables/variables.index" not in beside:
        raise PackageError(
            f"{folder}/variables/variables.index is missing, and the graph has variables; pack the folder variables "
            f"beside {GRAPH}"
        )
    shards = [match for name in beside if (match := _SHARD.fullmatch(name.removeprefix("variables/")))]
    count = int(shards[0]["count"]) if shards else 1
    for number in range(count):
        name = f"variables/variables.data-{number:05}-of-{count:05}"
        if name not in beside:
            raise PackageError(f"{folder}/{name} is missing, which has values of variables; pack it beside the others")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


@functools.cache
def _message_class() -> Any:
    """Class of the message ``SavedModel``."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="saved_model.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for called, number, kind, repeated in fields:
            label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            entry = message.field.add(name=called, number=number, label=label)
            if kind in _MESSAGES:
                entry.type, entry.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                entry.type = field.Type.Value(f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.SavedModel"))
