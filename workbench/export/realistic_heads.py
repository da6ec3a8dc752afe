"""Scaling of an untrained detector's last layers, so that it finds as many boxes as a trained one.

With random weights thousands of boxes pass the network's score threshold, non-maximum suppression takes longer than
the network, and every timing is wrong. Here the last layers are scaled to the spread of trained ones on a photograph,
and the bias of the objectness is set so that a wanted number of candidates passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float32]

CANDIDATES = 120
"""Candidates of a network before suppression that give some 5 to 30 boxes."""

_ENOUGH_POSITIONS = 30
_BOXES_OF_CANDIDATES = 4
_SCORE_FLOOR = 0.01  # GluonCV's validity threshold
_LOWEST_BIAS, _HIGHEST_BIAS, _HALVINGS = -40.0, 40.0, 40


def make_realistic(network: Any, tensor: Any, *, candidates: int = CANDIDATES) -> None:
    """Scale the last layers of a GluonCV detector in place.

    Args:
        network: a YOLOV3, SSD or FasterRCNN of GluonCV, initialized and not hybridized.
        tensor: (1, 3, height, width) MXNet array, the prepared photograph.
        candidates: number of boxes that shall pass the network's score threshold of 0.01 on it.
    """
    network(tensor)  # so that parameters get their shapes
    _FAMILIES[type(network).__name__](network, tensor, candidates)


def _yolo(network: Any, tensor: Any, candidates: int) -> None:
    """Scale YOLOv3: one convolution a scale gives three anchors of x, y, width, height, objectness and classes."""
    layers = [output.prediction for output in network.yolo_outputs]
    values = 5 + len(network.classes)
    objectness = np.arange(3) * values + 4
    for layer, out in _outputs(network, tensor, layers).items():
        spread = np.ones(values, np.float32)
        spread[2:4], spread[4] = 0.35, 3.0
        centre = np.zeros(values, np.float32)
        centre[5:] = 2.0  # an object's class is clear
        _rescale(layer, out, spread=np.tile(spread, 3), centre=np.tile(centre, 3))
    found = [
        out.reshape(3, values, -1).transpose(0, 2, 1).reshape(-1, values)
        for out in _outputs(network, tensor, layers).values()
    ]
    logits = np.concatenate(found)
    classes = _sigmoid(logits[:, 5:])

    def passing(bias: float) -> int:
        return int((_sigmoid(logits[:, 4:5] + bias) * classes > _SCORE_FLOOR).sum())

    bias = _bias_for(candidates, passing)
    for layer in layers:
        _add_to_bias(layer, objectness, bias)


def _ssd(network: Any, tensor: Any, candidates: int) -> None:
    """Scale SSD: one convolution a scale for classes, the background first, and one for offsets of boxes."""
    for layer, out in _outputs(network, tensor, [part.predictor for part in network.box_predictors]).items():
        _rescale(layer, out, spread=np.full(len(out), 0.7, np.float32))
    _classes(network, tensor, [part.predictor for part in network.class_predictors], candidates)


def _faster_rcnn(network: Any, tensor: Any, candidates: int) -> None:
    """Scale Faster R-CNN, its proposals first, because the classified regions depend on them."""
    head = network.rpn.rpn_head
    for layer, spread, centre in ((head.score, 1.5, -5.0), (head.loc, 0.25, 0.0)):
        (out,) = _outputs(network, tensor, [layer]).values()
        _rescale(layer, out, spread=np.full(len(out), spread, np.float32), centre=np.full(len(out), centre, np.float32))
    (out,) = _outputs(network, tensor, [network.box_predictor]).values()
    _rescale(network.box_predictor, out, spread=np.full(len(out), 0.5, np.float32))
    # Proposals have passed suppression already, so nearly every candidate stays a box.
    _classes(network, tensor, [network.class_predictor], max(1, candidates // _BOXES_OF_CANDIDATES))


_FAMILIES: Mapping[str, Callable[[Any, Any, int], None]] = {
    "YOLOV3": _yolo,
    "SSD": _ssd,
    "FasterRCNN": _faster_rcnn,
}


def _classes(network: Any, tensor: Any, layers: list[Any], candidates: int) -> None:
    """Scale layers whose channels are, for every anchor, the background and the classes before a softmax."""
    values = 1 + len(network.classes)
    for layer, out in _outputs(network, tensor, layers).items():
        _rescale(layer, out, spread=np.full(len(out), 2.0, np.float32))
    outputs = _outputs(network, tensor, layers)
    logits = np.concatenate(
        [out.reshape(-1, values, out.shape[1]).transpose(0, 2, 1).reshape(-1, values) for out in outputs.values()]
    )

    def passing(bias: float) -> int:
        shifted = np.concatenate([logits[:, :1], logits[:, 1:] + bias], axis=1)
        exponents = np.exp(shifted - shifted.max(axis=1, keepdims=True))
        return int((exponents[:, 1:] / exponents.sum(axis=1, keepdims=True) > _SCORE_FLOOR).sum())

    bias = _bias_for(candidates, passing)
    for layer, out in outputs.items():
        _add_to_bias(layer, np.flatnonzero(np.arange(len(out)) % values), bias)


def _outputs(network: Any, tensor: Any, layers: list[Any]) -> dict[Any, Array]:
    """Outputs of layers in one forward pass, (channels, positions).

    A layer shared by several scales gives its largest output.
    """
    found: dict[Any, Array] = {}

    def keep(layer: Any, _inputs: Any, output: Any) -> None:
        value = output.asnumpy()
        # A convolution gives (1, channels, rows, columns), a dense layer (rois, channels).
        flat = value.reshape(value.shape[1], -1) if value.ndim == 4 else value.T
        if layer not in found or flat.shape[1] > found[layer].shape[1]:
            found[layer] = flat

    with _hooks(layers, keep):
        network(tensor)[0].wait_to_read()
    return {layer: found[layer] for layer in layers}


@contextmanager
def _hooks(layers: list[Any], hook: Callable[[Any, Any, Any], None]) -> Iterator[None]:
    handles = [layer.register_forward_hook(hook) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.detach()


def _rescale(layer: Any, out: Array, *, spread: Array, centre: Array | None = None) -> None:
    """Rescale each channel of a layer to the mean ``centre`` and about the deviation ``spread``.

    The deviation is taken over all channels, because a channel that hardly varies would be amplified too much alone.
    """
    # On a map of a few positions the mean is nearly the value itself, and subtracting it would leave nothing.
    means = out.mean(axis=1) if out.shape[1] >= _ENOUGH_POSITIONS else np.zeros(len(out), np.float32)
    deviation = max(float((out - means[:, None]).std()), 1e-6)
    factor = spread / deviation
    weight, bias = layer.weight.data().asnumpy(), layer.bias.data().asnumpy()
    _set(layer.weight, weight * factor.reshape((-1,) + (1,) * (weight.ndim - 1)))
    _set(layer.bias, (bias - means) * factor + (0 if centre is None else centre))


def _add_to_bias(layer: Any, channels: npt.NDArray[np.intp], value: float) -> None:
    bias = layer.bias.data().asnumpy()
    bias[channels] += value
    _set(layer.bias, bias)


def _set(parameter: Any, values: Array) -> None:
    """Set a new array, because MXNet keeps a used one in a memory layout that cannot be written to."""
    import mxnet

    parameter.set_data(mxnet.nd.array(values))


def _bias_for(wanted: int, passing: Callable[[float], int]) -> float:
    """Search the bias with which about ``wanted`` candidates pass; a higher one passes more."""
    low, high = _LOWEST_BIAS, _HIGHEST_BIAS
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if passing(middle) > wanted else (middle, high)
    return low


def _sigmoid(values: Array) -> Array:
    result: Array = 1 / (1 + np.exp(-values))
    return result
