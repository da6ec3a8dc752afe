"""Time of a head alone: outputs of 8400 cells and 80 classes in two layouts, as a trained network answers them."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import class_names
from workbench import serving_program
from workbench.speed.figures import Figure

_HEAD = "ultralytics"
_CELLS, _CLASSES, _SIDE = 8400, 80, 640
_SHAPE = (1, 3, _SIDE, _SIDE)
_LIMIT_MS = 2.0
_KINDS = 4  # classes of which a scene has objects


@dataclass(frozen=True)
class Scene:
    """Objects of a frame, and the cells that find each of them."""

    objects: int
    cells_each: int


SCENES: Mapping[str, Scene] = {"street": Scene(12, 20), "crowd": Scene(150, 15)}


def columns(scene: Scene) -> npt.NDArray[np.float32]:
    """(1, 84, 8400) float32, the output of a YOLOv8: some cells find objects, and the others next to nothing."""
    generator = np.random.default_rng(20)
    output = np.empty((1, 4 + _CLASSES, _CELLS), np.float32)
    output[0, :2] = generator.uniform(0, _SIDE, (2, _CELLS))
    output[0, 2:4] = generator.uniform(10, 200, (2, _CELLS))
    output[0, 4:] = 10 ** generator.uniform(-8, -4, (_CLASSES, _CELLS))
    places = generator.uniform(0, _SIDE, (2, scene.objects))
    boxes = np.concatenate([places, generator.uniform(20, 90, (2, scene.objects))])
    kinds = generator.integers(0, _KINDS, scene.objects)
    found = np.repeat(np.arange(scene.objects), scene.cells_each)
    cells = generator.choice(_CELLS, len(found), replace=False)
    output[0][:4, cells] = boxes[:, found] + generator.normal(0, 3, (4, len(found)))
    output[0][4 + kinds[found], cells] = generator.uniform(0.01, 0.95, len(found))
    return output


def objectness_rows(scene: Scene) -> npt.NDArray[np.float32]:
    """(1, 8400, 85) float32, the same as the output of a YOLOv5: the best probability of a cell is its objectness."""
    rows = columns(scene)[0].T
    boxes, probabilities = rows[:, :4], rows[:, 4:]
    objectness = probabilities.max(axis=1, keepdims=True)
    output: npt.NDArray[np.float32] = np.concatenate([boxes, objectness, probabilities / objectness], axis=1)[None]
    return output


LAYOUTS: Mapping[str, Callable[[Scene], npt.NDArray[np.float32]]] = {
    "columns": columns,
    "rows with objectness": objectness_rows,
}


def run(output: npt.NDArray[np.float32], *, times: int) -> float:
    """Median time of the head on one core in milliseconds."""
    serving_program.make_importable()
    from ipc_ai_serving.models import heads

    decode = heads.head(_HEAD)
    model = dataclasses.replace(
        catalogue.load().model("yolox_nano"), classes=class_names.of_data_set("coco"), target_class=None
    )
    outputs = {"output0": output}
    heads.check(_HEAD, outputs, model, _SHAPE)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        seconds = []
        for _ in range(times):
            before = time.perf_counter()
            decode(outputs, model, _SHAPE)
            seconds.append(time.perf_counter() - before)
    finally:
        cv2.setNumThreads(threads)
    return 1000 * statistics.median(seconds)


def figures(*, times: int) -> list[Figure]:
    """Lines of the table, one a layout and scene."""
    return [
        Figure(
            case=f"head {_HEAD}, {_CELLS} cells x {_CLASSES} classes, {layout}",
            name=f"post-processing of a {name}",
            value=run(made(scene), times=times),
            unit="ms",
            sign="<=",
            target=_LIMIT_MS,
        )
        for layout, made in LAYOUTS.items()
        for name, scene in SCENES.items()
    ]
