"""Number of a detector's classes by the layers that answer them, where its outputs do not tell.

A layer of classes has a bias for each class, or for each class and anchor, and the layer of boxes beside it four for
each anchor, or for each class.
"""

from __future__ import annotations

import re
from pathlib import Path

# torchvision/models/detection: cls_logits, classification_head, cls_score; bbox_reg, regression_head, bbox_pred.
# TensorFlow's object_detection/predictors: ClassPredictor, BoxEncodingPredictor and BoxPredictor.
# RT-DETR: enc_score_head, dec_score_head, class_embed.
_CLASSES = re.compile(
    r"cls_logits|classification_head|cls_score|class_?predictor|score_head|class_embed|class_labels_classifier", re.I
)
_BOXES = re.compile(r"bbox_reg|regression_head|bbox_pred|box_?encoding|box_?predictor(/(conv2d|biasadd))?/$", re.I)
_NOT_LAST = re.compile(r"rpn|first_?stage|ctrness|centerness|\.conv\.", re.I)
_A_QUERY = re.compile(r"score_head|class_embed|class_labels_classifier|cls_score", re.I)
_BIAS, _WEIGHT = re.compile(r"bias", re.I), re.compile(r"weight|kernel", re.I)
_CORNERS = 4


def count(graph: Path) -> int | None:
    """Count the classes that a network has scores of; None where its layers have other names."""
    layers = _layers(graph)
    of_query = {size for name, size in layers.items() if _A_QUERY.search(name)}
    if of_query:
        return of_query.pop() if len(of_query) == 1 else None
    classes = [size for name, size in layers.items() if _CLASSES.search(name)]
    boxes = [size for name, size in layers.items() if _BOXES.search(name)]
    if len(classes) != len(boxes):
        return None
    if classes and all(
        of_boxes == _CORNERS * (of_classes - 1) for of_classes, of_boxes in zip(classes, boxes, strict=True)
    ):
        return classes[0] if len(set(classes)) == 1 else None  # boxes of each class but the background
    ratios = {_CORNERS * of_classes / of_boxes for of_classes, of_boxes in zip(classes, boxes, strict=True)}
    ratio = ratios.pop() if len(ratios) == 1 else 0
    return int(ratio) if ratio > 1 and ratio == int(ratio) else None


def _layers(graph: Path) -> dict[str, int]:
    """Numbers that each layer of classes or boxes answers, by its name.

    The bias tells it, or the weights where an exporter shares the biases of layers that are equal, or have none.
    """
    import onnx

    sizes: dict[str, int] = {}
    for weights in onnx.load(str(graph), load_external_data=False).graph.initializer:
        is_bias = len(weights.dims) == 1 and _BIAS.search(weights.name) is not None
        if not is_bias and (len(weights.dims) < 2 or not _WEIGHT.search(weights.name)):
            continue
        layer = (_BIAS if is_bias else _WEIGHT).split(weights.name)[0]
        if _NOT_LAST.search(layer) or not (_CLASSES.search(layer) or _BOXES.search(layer)):
            continue
        if is_bias:
            sizes[layer] = weights.dims[0]
        else:
            sizes.setdefault(layer, weights.dims[0])
    return sizes
