"""DETR and the networks after it: for each of a few hundred queries one box and the logits of its classes.

Sources of the formulas: ``post_process_object_detection`` of Hugging Face's image processors. With softmax
(``DetrImageProcessor``, ``YolosImageProcessor``) the last class means no object, and a query has its best class alone.
With sigmoid (``ConditionalDetrImageProcessor``, ``DeformableDetrImageProcessor``, ``RTDetrImageProcessor``, and
``rfdetr/models/postprocess.py``) the best pairs of query and class count, of which a query may have several.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.models.heads._outputs import NetworkOutputs
from ipc_ai_serving.vision.detections import MAX_OF_ALL_CLASSES, SCORE_FLOOR, Detections, Wanted

Array = npt.NDArray[np.float32]

_BOX = 4
_BOXES_NAMES, _LOGITS_NAMES = ("box", "dets"), ("logits", "labels", "scores", "class")
_LARGEST_SHARE = 2.5  # of the frame; boxes may reach beyond it, but are no pixels
_READS = (
    "two outputs of DETR, RT-DETR and the like: logits (1, queries, classes) and boxes (1, queries, 4) as shares of "
    "the frame, centre and size"
)


def check(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> None:
    """Check the outputs for a frame.

    Raises:
        ModelLoadError: they are those of another network.
    """
    network = NetworkOutputs(outputs, head="detr", reads=_READS)
    logits_name, boxes_name = _names(outputs, network)
    boxes = network.named(boxes_name, (1, None, _BOX))
    logits = network.named(logits_name, (1, len(boxes), None))
    softmax = model.output.activation == "softmax"
    classes = logits.shape[1] - softmax
    if model.classes and classes != len(model.classes):
        no_object = ", the last of which means no object" if softmax else ""
        raise network.refuse(
            f"'{logits_name}' has {logits.shape[1]} classes{no_object}, and classes has {len(model.classes)} names"
        )
    if not model.classes and not 0 <= (-1 if model.target_class is None else model.target_class) < classes:
        raise network.refuse(f"'{logits_name}' has {logits.shape[1]} classes, and target_class is {model.target_class}")
    if model.output.activation == "none":
        network.check_probabilities(logits, "a class")
    elif logits.min(initial=1) >= 0 and logits.max(initial=0) <= 1:
        raise network.refuse(f'\'{logits_name}\' has probabilities already; write "activation": "none" in its output')
    if not -_LARGEST_SHARE <= boxes.min(initial=0) <= boxes.max(initial=0) <= _LARGEST_SHARE:
        raise network.refuse(f"a box has {boxes.max():g}, which is no share of the frame")


def decode(
    outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
) -> Detections:
    """Decode logits (1, queries, classes) and boxes (1, queries, 4), both float32, by ``model.output.activation``.

    Outputs beside these, of earlier layers for example, are not read. Of a model without names of classes the
    detections are those of its target class, without an index.
    """
    logits_name, boxes_name = _names(outputs, NetworkOutputs(outputs, head="detr", reads=_READS))
    logits, boxes = outputs[logits_name][0], outputs[boxes_name][0]
    if not model.classes:
        wanted = np.arange(logits.shape[1]) == model.target_class
    best_class_alone = model.output.activation == "softmax"
    queries, classes, scores = _of_queries(logits, wanted) if best_class_alone else _of_pairs(logits, model, wanted)
    found = Detections(
        _corners(boxes[queries], tensor_shape), scores, classes=classes.astype(np.int64) if model.classes else None
    )
    finite = np.flatnonzero(np.isfinite(found.boxes).all(axis=1))
    return found.take(finite).best(_most(model))


def _of_queries(logits: Array, wanted: Wanted) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Array]:
    """Queries with their best class, the last of which means no object, and its score."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    classes = exponentials[:, :-1].argmax(axis=1)
    scores = exponentials[np.arange(len(classes)), classes] / exponentials.sum(axis=1)
    kept = scores >= SCORE_FLOOR
    if wanted is not None:
        kept &= wanted[classes]
    queries = np.flatnonzero(kept)
    return queries, classes[queries], scores[queries]


def _of_pairs(logits: Array, model: Model, wanted: Wanted) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Array]:
    """Best pairs of a query and a class, with their scores; a sigmoid is taken of these alone."""
    sigmoid = model.output.activation == "sigmoid"
    above = logits >= (np.log(SCORE_FLOOR / (1 - SCORE_FLOOR)) if sigmoid else SCORE_FLOOR)
    if wanted is not None:
        above &= wanted
    pairs = np.flatnonzero(above)
    values = logits.reshape(-1)[pairs]
    most = _most(model)
    if len(pairs) > most:  # sorting all of them would take longer than the rest
        best = np.sort(np.argpartition(-values, most)[:most])
        pairs, values = pairs[best], values[best]
    return pairs // logits.shape[1], pairs % logits.shape[1], 1 / (1 + np.exp(-values)) if sigmoid else values


def _most(model: Model) -> int:
    return model.output.most or MAX_OF_ALL_CLASSES


def _corners(boxes: Array, tensor_shape: tuple[int, ...]) -> Array:
    """Convert centre and size as shares of the frame to corners in network pixels."""
    size = np.array([tensor_shape[3], tensor_shape[2]], np.float32)
    centres, half = boxes[:, :2] * size, boxes[:, 2:] * size / 2
    return np.concatenate([centres - half, centres + half], axis=1)


def _names(outputs: Outputs, network: NetworkOutputs) -> tuple[str, str]:
    """Names of the logits and of the boxes: by their names, and where these do not tell by their shapes.

    Raises:
        ModelLoadError: there are none, or several that may be them.
    """
    rows = {name: output.shape for name, output in outputs.items() if output.ndim == 3}
    of_four = [name for name, shape in rows.items() if shape[2] == _BOX]
    boxes = _only(of_four, _BOXES_NAMES)
    if boxes is None:
        raise network.refuse(f"there is no one output of boxes among {network.shown}")
    others = [name for name, shape in rows.items() if name != boxes and shape[1] == rows[boxes][1]]
    logits = _only(others, _LOGITS_NAMES)
    if logits is None:
        raise network.refuse(f"there is no one output of logits among {network.shown}")
    return logits, boxes


def _only(names: list[str], words: tuple[str, ...]) -> str | None:
    """The only name, else the only one with one of the words, the first word first."""
    if len(names) == 1:
        return names[0]
    for word in words:
        named = [name for name in names if word in name.lower()]
        exact = [name for name in named if name.lower().removeprefix("pred_") in (word, f"{word}es")]
        if len(exact or named) == 1:
            return (exact or named)[0]
    return None
