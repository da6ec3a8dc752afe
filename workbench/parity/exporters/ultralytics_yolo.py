"""Ultralytics' networks by ``YOLO.export``; answers by ``YOLO.predict`` with the exported file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
import ultralytics
from ultralytics import YOLO
from ultralytics.data.augment import classify_transforms

from workbench.parity.exporters import frames, random_networks, written

_THRESHOLDS = {"detect": 0.15, "classify": 0.0}
_HIGHER_THRESHOLD = 0.25
"""Built into exports with their own suppression; in 16 bits the best class of a weaker box is a matter of rounding."""
_SIZE = (320, 320)
_VARIANTS: dict[str, dict[str, Any]] = {
    "yolo11n": {"network": "yolo11n"},
    "yolo11n-384x640": {"network": "yolo11n", "imgsz": (384, 640)},
    "yolov8n-dynamic": {"network": "yolov8n", "dynamic": True},
    "yolov8n-fp16": {"network": "yolov8n", "half": True},
    "yolov8n-nms": {"network": "yolov8n", "nms": True},
    "yolov10n": {"network": "yolov10n"},
    "yolo26n": {"network": "yolo26n"},
    "yolo11n-cls": {"network": "yolo11n-cls", "task": "classify", "imgsz": (224, 224)},
}


def export(kind: str, folder: Path, paths: list[Path]) -> None:
    """Export one variant and answer the frames."""
    options = dict(_VARIANTS[kind])
    task, size = options.pop("task", "detect"), options.pop("imgsz", _SIZE)
    model = YOLO(f"{options.pop('network')}.yaml", task=task, verbose=False)
    if task == "classify":
        prepare = classify_transforms(size[0])
        _make_classify(model.model, torch.stack([prepare(frames.rgb(path)) for path in paths]))
    else:
        _make_detect(model.model, frames.as_batch([frames.letterboxed(path, *size) for path in paths]))
    with tempfile.TemporaryDirectory() as work:
        model.ckpt_path = model.model.pt_path = model.model.yaml_file = str(Path(work) / "network.pt")
        exported = model.export(format="onnx", imgsz=list(size), device="cpu", verbose=False, **options)
        shutil.move(exported, folder / f"{kind}.onnx")
    threshold = _HIGHER_THRESHOLD if options.keys() & {"nms", "half"} else _THRESHOLDS[task]
    reader = YOLO(str(folder / f"{kind}.onnx"), task=task)
    answers = [(path, _answer(reader, path, size, threshold)) for path in paths]
    exporter = f"ultralytics {ultralytics.__version__}"
    written.write(folder, model=[f"{kind}.onnx"], exporter=exporter, threshold=threshold, answers=answers)


def _make_classify(network: Any, batch: Any) -> None:
    random_networks.settle(network, lambda: network(batch))
    random_networks.tell_apart(network.model[-1].linear, lambda: network(batch))
    network.names = {index: f"class {index}" for index in range(len(network.names))}


def _make_detect(network: Any, batch: Any) -> None:
    random_networks.settle(network, lambda: network(batch))
    head = network.model[-1]
    stacks = [head.cv3, *([head.one2one_cv3] if hasattr(head, "one2one_cv3") else [])]
    layers = [level[-1] for stack in stacks for level in stack]
    random_networks.spread(layers, lambda: network(batch), share=1e-3)
    if head.reg_max == 1:  # distances as they are, of which random ones may be negative
        distances = [level[-1] for stack in (head.cv2, head.one2one_cv2) for level in stack]
        random_networks.normalise(distances, lambda: network(batch), mean=2.5, deviation=0.5)
    network.names = {index: f"object {index}" for index in range(head.nc)}


def _answer(reader: Any, path: Path, size: tuple[int, int], threshold: float) -> list[written.Entry]:
    result = reader.predict(str(path), imgsz=list(size), conf=threshold, verbose=False, device="cpu")[0]
    if result.probs is not None:
        best = result.probs.data.argsort(descending=True)[:5].tolist()
        return [written.entry(result.names[index], float(result.probs.data[index])) for index in best]
    rows = zip(result.boxes.xyxy.tolist(), result.boxes.conf.tolist(), result.boxes.cls.tolist(), strict=True)
    return [written.entry(result.names[int(name)], score, box) for box, score, name in rows]
