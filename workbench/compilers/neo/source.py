"""Input of SageMaker Neo: a model's framework, files and version, and the reasons why Neo would refuse it.

Versions are those of "Supported Instance Types and Frameworks" and, for devices, "Supported Frameworks" in the
SageMaker Developer Guide (neo-supported-cloud, neo-supported-devices-edge-frameworks).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CatalogueError, Model, ModelFile, model_from_json
from workbench import serving_program, typed
from workbench.errors import NeoError
from workbench.store.model_folder import older_models

_NEWEST_MXNET = (1, 8)
_NEWEST_ONNX, _NEWEST_OPSET, _NEWEST_IR = "1.7", 12, 7  # source: ONNX's own table of versions
_PYTORCH = {
    True: ("1.4", "1.5", "1.6", "1.7", "1.8", "1.12", "1.13", "2.0"),
    False: ("1.7", "1.8"),
}
"""Versions that Neo compiles, by whether the target is an instance of SageMaker."""
_FILES = "a symbol (*-symbol.json) with its *.params, one *.onnx, or one TorchScript (*.pt or *.pth)"


@dataclass(frozen=True)
class _Told:
    """Facts from the operator: the framework's version, and whether the target is an instance of SageMaker."""

    version: str | None
    for_instance: bool


@dataclass(frozen=True)
class Declared:
    """Inputs and outputs that a model's own files declare.

    Attributes:
        input_name: name of the input; None where they declare none.
        input_shape: its shape, None for a free dimension; empty where they declare none.
        outputs: names of the outputs in their order; empty where they have none.
    """

    input_name: str | None = None
    input_shape: tuple[int | None, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A model to compile.

    Attributes:
        name: its name.
        framework: its name in CreateCompilationJob.
        files: files for the top of the archive.
        model: its description in the model folder or the catalogue; None without one.
        application: the one application that the files serve; None for all.
    """

    name: str
    framework: str
    files: tuple[Path, ...]
    model: Model | None
    application: str | None

    def examined(self, *, version: str | None, for_instance: bool) -> Declared:
        """Read the files' declarations.

        Args:
            version: the framework's version, as the operator gives it.
            for_instance: whether the target is an instance of SageMaker, and not a device.

        Raises:
            NeoError: Neo does not take such a model; the message says why.
        """
        return _EXAMINERS[self.framework](self.files, _Told(version, for_instance))

    def version_to_send(self, version: str | None) -> dict[str, str]:
        """``FrameworkVersion`` of the job: only for PyTorch, because its files do not declare it."""
        return {"FrameworkVersion": version} if self.framework == "PYTORCH" and version else {}


def find(name: str, *, store: Path, application: str | None) -> Source:
    """Find the model of that name in the store, or in the folder of that name.

    Raises:
        NeoError: there is none, or it has no file that Neo compiles.
    """
    folder = next((path for path in (Path(name), store / name) if path.is_dir()), None)
    if folder is None:
        raise NeoError(f"there is no model folder {name}; fetch it with '{typed.fetch(name, store)}', or name a folder")
    model = _description(folder)
    if model is None and older_models(folder):
        serving_program.make_importable()
        from workbench.compilers import older_layout

        older = older_layout.find(folder, application)
        return Source(older.model.name, "MXNET", tuple(older.files.values()), older.model, older.model.applications[0])
    if model is None:
        framework, files = _guessed(folder)
        return Source(folder.resolve().name, framework, files, None, application)
    if model.engine not in _FRAMEWORKS:
        raise NeoError(
            f"{model.name} runs on the engine '{model.engine}', and Neo compiles those of {', '.join(_FRAMEWORKS)} only"
        )
    chosen, artefacts = _artefacts(folder, model, application)
    return Source(model.name, _FRAMEWORKS[model.engine], tuple(folder / file.name for file in artefacts), model, chosen)


def _description(folder: Path) -> Model | None:
    path = folder / "model.json"
    if not path.is_file():
        return catalogue.load().models.get(folder.resolve().name)
    try:
        return model_from_json(path.read_text(encoding="utf-8"))
    except (ValueError, CatalogueError) as error:
        raise NeoError(f"{path} does not describe a model: {error}") from error


def _artefacts(folder: Path, model: Model, application: str | None) -> tuple[str | None, tuple[ModelFile, ...]]:
    """The one application that the files serve, None for all, and the files."""
    there = {
        name: files for name, files in model.files.items() if all((folder / file.name).is_file() for file in files)
    }
    chosen = there if application is None else {name: there[name] for name in (application, "any") if name in there}
    if not chosen:
        whose = f" for {application}" if application else ""
        raise NeoError(f"{folder} does not hold the files of {model.name}{whose}; fetch it again")
    if len(chosen) > 1 and application is None:
        raise NeoError(f"{folder} holds files of {' and '.join(chosen)}; name one with --application")
    name, files = next(iter(chosen.items()))
    return (None if name == "any" else name), files


def _guessed(folder: Path) -> tuple[str, tuple[Path, ...]]:
    kinds = {
        "MXNET": [sorted(folder.glob("[!.]*-symbol.json")), sorted(folder.glob("[!.]*.params"))],
        "ONNX": [sorted(folder.glob("[!.]*.onnx"))],
        "PYTORCH": [sorted([*folder.glob("[!.]*.pt"), *folder.glob("[!.]*.pth")])],
    }
    complete = {
        name: tuple(path for paths in files for path in paths)
        for name, files in kinds.items()
        if all(len(paths) == 1 for paths in files)
    }
    if len(complete) != 1:
        raise NeoError(f"{folder} has no model.json and is not clear without; Neo takes {_FILES}")
    return next(iter(complete.items()))


def _examined_mxnet(files: Sequence[Path], said: _Told) -> Declared:
    symbol = next(path for path in files if path.suffix == ".json")
    saved = json.loads(symbol.read_text(encoding="utf-8")).get("attrs", {}).get("mxnet_version", ["int", 0])[1]
    found = (saved // 10000, saved // 100 % 100, saved % 100)
    version = _numbers(said.version) if said.version else found
    if version[:2] > _NEWEST_MXNET:
        raise NeoError(
            f"{symbol.name} was saved by MXNet {'.'.join(map(str, version))}, and Neo takes 1.8.0 or earlier; save it "
            "with MXNet 1.8, or try with --framework-version 1.8 where it has no operator that is newer"
        )
    import mxnet

    return Declared(outputs=tuple(mxnet.sym.load(str(symbol)).list_outputs()))


def _examined_onnx(files: Sequence[Path], _: _Told) -> Declared:
    import onnx

    (path,) = files
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # an exception of protobuf
        raise NeoError(f"{path.name} is not an ONNX graph: {error}") from error
    opsets = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
    if opsets.get("ai.onnx", 0) > _NEWEST_OPSET or model.ir_version > _NEWEST_IR:
        raise NeoError(
            f"{path.name} has opset {opsets.get('ai.onnx')} and IR version {model.ir_version}, and Neo takes ONNX "
            f"{_NEWEST_ONNX} or earlier, which is opset {_NEWEST_OPSET} and IR version {_NEWEST_IR}; "
            "export it again for that"
        )
    foreign = sorted({node.domain for node in model.graph.node} - {"", "ai.onnx"})
    if foreign:
        raise NeoError(
            f"{path.name} has operators of {', '.join(foreign)}, and Neo knows ONNX's own only; compile its source"
        )
    constants = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    if len(inputs) != 1:
        raise NeoError(f"{path.name} has {len(inputs)} inputs, and the serving container gives a model one")
    shape = [each.dim_value or None for each in inputs[0].type.tensor_type.shape.dim]
    return Declared(inputs[0].name, tuple(shape), tuple(each.name for each in model.graph.output))


def _examined_pytorch(files: Sequence[Path], said: _Told) -> Declared:
    (path,) = files
    taken = _PYTORCH[said.for_instance]
    whose = "instances" if said.for_instance else "devices"
    if said.version is None:
        raise NeoError(
            f"{path.name} does not tell which PyTorch saved it; name that with --framework-version: {', '.join(taken)}"
        )
    if ".".join(said.version.split(".")[:2]) not in taken:
        raise NeoError(
            f"Neo does not take models of PyTorch {said.version} for {whose}; it takes those of {', '.join(taken)}"
        )
    names = zipfile.ZipFile(path).namelist() if zipfile.is_zipfile(path) else []
    if not any("/code/" in f"/{name}" for name in names):
        raise NeoError(f"{path.name} holds no program, perhaps weights alone; save it with torch.jit.trace(...).save()")
    return Declared()


def _numbers(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError as error:
        raise NeoError(f"'{version}' is no version; write it as 1.8 or 1.8.0") from error


_FRAMEWORKS = {"mxnet": "MXNET", "onnxruntime": "ONNX"}
"""Framework by engine."""
_EXAMINERS: Mapping[str, Callable[[Sequence[Path], _Told], Declared]] = {
    "MXNET": _examined_mxnet,
    "ONNX": _examined_onnx,
    "PYTORCH": _examined_pytorch,
}
