"""Kinds of models whose parity is proven, one row each."""

from __future__ import annotations

from dataclasses import dataclass

_TOLERANCE, _TOLERANCE_OF_FP16 = 0.01, 0.02


@dataclass(frozen=True)
class Kind:
    """An export that is compared.

    Attributes:
        name: of the kind, and of its export's files.
        head: the product's head that decodes it.
        exporter: module of ``exporters`` that makes it; its table of variants knows ``name``.
        tolerance: largest difference of two scores of one box.
    """

    name: str
    head: str
    exporter: str
    tolerance: float = _TOLERANCE


KINDS = (
    Kind("yolo11n", "ultralytics", "ultralytics_yolo"),
    Kind("yolo11n-384x640", "ultralytics", "ultralytics_yolo"),
    Kind("yolov8n-dynamic", "ultralytics", "ultralytics_yolo"),
    Kind("yolov8n-fp16", "ultralytics", "ultralytics_yolo", _TOLERANCE_OF_FP16),
    Kind("yolov8n-nms", "ultralytics", "ultralytics_yolo"),
    Kind("yolov10n", "ultralytics", "ultralytics_yolo"),
    Kind("yolo26n", "ultralytics", "ultralytics_yolo"),
    Kind("yolov5-anchors", "ultralytics", "anchor_yolo"),
    Kind("detr", "detr", "detr"),
    Kind("conditional-detr", "detr", "detr"),
    Kind("yolos", "detr", "detr"),
    Kind("rt-detr", "detr", "rt_detr"),
    Kind("rt-detr-original", "detr", "rt_detr"),
    Kind("ssdlite", "boxes", "torchvision_detectors"),
    Kind("faster-rcnn", "boxes", "torchvision_detectors"),
    Kind("retinanet", "boxes", "torchvision_detectors"),
    Kind("fcos", "boxes", "torchvision_detectors"),
    Kind("scrfd", "scrfd", "scrfd"),
    Kind("scrfd-maps", "scrfd", "scrfd"),
    Kind("arcface", "arcface", "arcface"),
    Kind("mobilenet-v3", "classes", "classifiers"),
    Kind("vit", "classes", "classifiers"),
    Kind("yolo11n-cls", "classes", "ultralytics_yolo"),
)


def chosen(words: tuple[str, ...]) -> list[Kind]:
    """Kinds that ``words`` name, or whose head they name; all without any."""
    return [kind for kind in KINDS if not words or kind.name in words or kind.head in words]


def names() -> list[str]:
    """Words that choose kinds: heads first."""
    return [*dict.fromkeys(kind.head for kind in KINDS), *(kind.name for kind in KINDS)]
