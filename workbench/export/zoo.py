"""GluonCV's detectors: built, given weights and classes, and exported for the container's MXNet engine."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import nearest
from workbench.errors import ExportError
from workbench.export import random_weights, realistic_heads
from workbench.export.gluoncv_packages import model_zoo
from workbench.export.symbol_repairs import repaired_roi_align

# Blocks of Faster R-CNN and YOLOv3 that choose and encode targets.
_OF_TRAINING = ("sampler", "_target_generator", "target_generator")
Tensor = npt.NDArray[np.float32]
Weights: TypeAlias = Callable[[Any, Sequence[str]], None]
"""Function that gives a network its weights and the classes asked for; none stand for all of the network's."""


def build(name: str, classes: Sequence[str], weights: Weights) -> Any:
    """Build a network of the zoo from operators that other frameworks have too.

    Raises:
        ExportError: GluonCV is not installed, it has no class of that name, or the weights cannot be had.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = model_zoo().get_model(name, pretrained=False, pretrained_base=False)
        network.apply(_minimal_operators)
        weights(network, classes)
    return network


def random(tensor: Tensor, *, seed: int) -> Weights:
    """Random weights that give a realistic number of boxes on ``tensor``, a prepared photograph."""

    def give(network: Any, classes: Sequence[str]) -> None:
        import mxnet

        array = mxnet.nd.array(tensor)
        random_weights.initialize(network, seed=seed)
        if classes:
            network(array)  # only a network whose parameters have shapes can change its classes
            network.reset_class(list(classes))
            random_weights.initialize(network, seed=seed)
        realistic_heads.make_realistic(network, array)

    return give


def trained_on_coco(name: str) -> Weights:
    """GluonCV's own weights, downloaded once into its cache; only the classes asked for are kept."""

    def give(network: Any, classes: Sequence[str]) -> None:
        known = list(network.classes)
        for unknown in (word for word in classes if word not in known):
            raise ExportError(
                f"COCO has no class '{unknown}'{nearest(unknown, known)}; name classes of COCO, or give weights "
                "of your own with --weights"
            )
        try:
            path = _model_file(name)
        except Exception as error:  # exceptions of requests, zipfile and GluonCV itself
            raise ExportError(
                f"GluonCV's weights of {name} cannot be downloaded ({type(error).__name__}); give a file with "
                "--weights, or --random-weights"
            ) from error
        _load(network, path)
        if classes:
            network.reset_class(list(classes), reuse_weights=list(classes))

    return give


def own(path: Path) -> Weights:
    """Weights of a training with GluonCV (``save_parameters``), for exactly the classes asked for."""

    def give(network: Any, classes: Sequence[str]) -> None:
        import mxnet

        if classes:
            random_weights.initialize(network, seed=0)
            network(mxnet.nd.zeros((1, 3, 320, 320)))
            network.reset_class(list(classes))
        try:
            _load(network, path)
        except (AssertionError, ValueError, OSError, mxnet.MXNetError) as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            reason = lines[-1 if isinstance(error, mxnet.MXNetError) else 0]  # MXNet's own begin with its frames
            raise ExportError(
                f"{path} does not fit the network: {reason}; name the classes it was trained on with --classes"
            ) from error

    return give


def export(network: Any, tensor: Tensor, folder: Path, name: str) -> dict[str, str]:
    """Write the symbol and its parameters.

    Returns:
        File names by role of the artefact.
    """
    import mxnet

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.hybridize()
        network(mxnet.nd.array(tensor))[0].wait_to_read()
        network.export(str(folder / name))
    symbol = folder / f"{name}-symbol.json"
    symbol.write_text(repaired_roi_align(symbol.read_text(encoding="utf-8")), encoding="utf-8")
    return {"symbol": symbol.name, "params": f"{name}-0000.params"}


def _minimal_operators(block: Any) -> None:
    """Replace GluonCV's fused decoding of boxes, an operator of MXNet alone.

    GluonCV's own switch for it works for pretrained networks only.
    """
    if hasattr(block, "_minimal_opset"):
        block._minimal_opset = True


def _model_file(name: str) -> str:
    from gluoncv.model_zoo.model_store import get_model_file

    return str(get_model_file(name))


def _load(network: Any, path: Path | str) -> None:
    """Load parameters; those that only a training needs may be missing.

    Raises:
        ValueError: others are missing.
    """
    import mxnet

    there = mxnet.nd.load(str(path))
    needed = (name for name in network._collect_params_with_prefix() if not name.startswith(_OF_TRAINING))
    missing = sorted(set(needed) - set(there))
    if missing:
        raise ValueError(f"it lacks {missing[0]}")
    network.load_parameters(str(path), ignore_extra=True, allow_missing=True)
    network.collect_params(select=".*encoder.*").initialize()
