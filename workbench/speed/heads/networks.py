"""Networks with random weights of about the cost of real ones, and with the outputs of trained ones.

Without a network and without PyTorch no real export can be had, so each of these has a trunk of convolutions, and
answers what a trained network of its kind does: next to nothing from most cells, and some objects.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CLASSIFIER, IMAGE_CLASSIFICATION, Model, ModelInput, ModelOutput
from workbench.speed.heads.post_processing import SCENES, columns
from workbench.store import model_folder

Values = npt.NDArray[Any]

_GRAPH = "model.onnx"
_WIDTHS = (3, 16, 32, 64)
_OBJECTS = 40
_ANCHORS = 2
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@dataclass(frozen=True)
class Network:
    """One of a kind.

    Attributes:
        model: its description, without files.
        outputs: what it answers to any frame, by name.
        blocks: convolutions of 64 to 64 channels behind the first three, on an eighth of the input's side.
    """

    model: Model
    outputs: Mapping[str, Values]
    blocks: int

    def put(self, store: Path) -> Path:
        """Write graph and description into the folder of its name in ``store``, and return that."""
        folder = store / self.model.name
        with model_folder.replaced(folder) as made:
            _write(self, made / _GRAPH)
            model_folder.describe(made, self.model, {"onnx": _GRAPH})
        return folder


def all_kinds() -> list[Network]:
    """One network for each head."""
    return [_ultralytics(), _detr(), _boxes(), _scrfd(), _classes()]


def _ultralytics() -> Network:
    """YOLOv8n of 640 x 640 pixels and 80 classes."""
    spec = _input("letterbox", 640, "images", placement="centre", pad_value=114)
    model = _model("ultralytics", spec, ModelOutput(boxes="cxcywh"), classes=80)
    return Network(model, {"output0": columns(SCENES["street"])}, blocks=12)


def _detr() -> Network:
    """RT-DETR of 640 x 640 pixels, 300 queries and 91 classes, as Hugging Face prepares frames for it."""
    generator = np.random.default_rng(21)
    logits = generator.normal(-8, 0.8, (1, 300, 91))
    logits[0, np.arange(_OBJECTS), generator.integers(0, 91, _OBJECTS)] = generator.uniform(-4, 3, _OBJECTS)
    boxes = np.concatenate(
        [generator.uniform(0.2, 0.8, (1, 300, 2)), generator.uniform(0.02, 0.3, (1, 300, 2))], axis=2
    )
    spec = _input("stretch", 640, "pixel_values", interpolation="tensor-linear")
    model = _model("detr", spec, ModelOutput(activation="sigmoid", boxes="cxcywh", normalised=True), classes=91)
    return Network(model, {"logits": logits, "pred_boxes": boxes}, blocks=12)


def _boxes() -> Network:
    """SSDlite of torchvision at 320 x 320 pixels, with 300 boxes after suppression."""
    generator = np.random.default_rng(22)
    first = generator.uniform(0, 250, (300, 2))
    outputs = {
        "boxes": np.concatenate([first, first + generator.uniform(10, 70, (300, 2))], axis=1),
        "scores": np.sort(10 ** generator.uniform(-3, 0, 300))[::-1],
        "labels": generator.integers(1, 91, 300),
    }
    return Network(_model("boxes", _input("stretch", 320, "images"), ModelOutput(), classes=91), outputs, blocks=8)


def _scrfd() -> Network:
    """SCRFD-2.5G with landmarks at 640 x 640 pixels."""
    generator = np.random.default_rng(23)
    outputs: dict[str, Values] = {}
    for stride in (8, 16, 32):
        count = _ANCHORS * (640 // stride) ** 2
        scores = 10 ** generator.uniform(-6, -3, (count, 1))
        scores[generator.choice(count, _OBJECTS, replace=False), 0] = generator.uniform(0.02, 0.9, _OBJECTS)
        outputs |= {
            f"score_{stride}": scores,
            f"bbox_{stride}": generator.uniform(0.5, 4, (count, 4)),
            f"kps_{stride}": generator.uniform(-2, 2, (count, 10)),
        }
    spec = _input("letterbox", 640, "input.1", rounding="cut", scale=1, mean=(127.5,) * 3, std=(128.0,) * 3)
    model = _model("scrfd", spec, ModelOutput(), classes=0)
    model = dataclasses.replace(model, applications=("face-detection",), target_class=0)
    return Network(model, outputs, blocks=4)


def _classes() -> Network:
    """A MobileNet of torchvision at 224 x 224 pixels and 1000 classes."""
    mean, std = _IMAGENET
    spec = _input("centre-crop", 224, "input", crop_from=256, interpolation="antialiased-linear", mean=mean, std=std)
    model = _model("classes", spec, ModelOutput(activation="softmax"), classes=1000)
    model = dataclasses.replace(model, role=CLASSIFIER, applications=(IMAGE_CLASSIFICATION,))
    return Network(model, {"logits": np.random.default_rng(24).normal(0, 2, (1, 1000))}, blocks=9)


def _model(head: str, spec: ModelInput, output: ModelOutput, *, classes: int) -> Model:
    """A detector of that head, with numbered classes."""
    return dataclasses.replace(
        catalogue.load().model("yolox_nano"),
        name=head,
        applications=("object-detection",),
        head=head,
        input=spec,
        output=output,
        classes=tuple(f"class {index}" for index in range(classes)),
        target_class=None,
    )


def _input(resize: str, size: int, tensor: str, **others: Any) -> ModelInput:
    """Frames in RGB from 0 to 1, of a JPEG's every pixel, unless ``others`` says else."""
    fields = {"scale": 1 / 255, "mean": (0.0,) * 3, "std": (1.0,) * 3, **others}
    return ModelInput(
        tensor=tensor, resize=resize, size=size, stride=32, max_long_side=size, colour="RGB", full_decode=True, **fields
    )


def _write(network: Network, path: Path) -> None:
    """Write the graph; the mean of what the trunk computes goes into each output, times zero."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    generator = np.random.default_rng(25)
    side, last = network.model.input.size, network.model.input.tensor
    constants: dict[str, Values] = {"zero": np.array(0, np.float32)}
    nodes = []
    layers = [(before, after, 2) for before, after in itertools.pairwise(_WIDTHS)]
    for number, (before, after, step) in enumerate([*layers, *[(_WIDTHS[-1], _WIDTHS[-1], 1)] * network.blocks]):
        spread = np.sqrt(2 / (9 * before))
        constants[f"w{number}"] = generator.normal(0, spread, (after, before, 3, 3)).astype(np.float32)
        options = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [step] * 2}
        nodes.append(helper.make_node("Conv", [last, f"w{number}"], [f"conv{number}"], **options))
        nodes.append(helper.make_node("Relu", [f"conv{number}"], [last := f"relu{number}"]))
    nodes.append(helper.make_node("ReduceMean", [last], ["mean"], keepdims=0))
    nodes.append(helper.make_node("Mul", ["mean", "zero"], ["nothing"]))
    answers = []
    for name, value in network.outputs.items():
        is_whole = np.issubdtype(value.dtype, np.integer)
        kind = TensorProto.INT64 if is_whole else TensorProto.FLOAT
        constants[f"{name}_values"] = value.astype(np.int64 if is_whole else np.float32)
        nodes.append(helper.make_node("Cast", ["nothing"], [f"{name}_nothing"], to=kind))
        nodes.append(helper.make_node("Add", [f"{name}_values", f"{name}_nothing"], [name]))
        answers.append(helper.make_tensor_value_info(name, kind, value.shape))
    frames = helper.make_tensor_value_info(network.model.input.tensor, TensorProto.FLOAT, [1, 3, side, side])
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, network.model.name, [frames], answers, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
