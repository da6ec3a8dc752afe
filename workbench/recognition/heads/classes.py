"""Classifiers of images, told by an input that takes frames and one output with a number for each class.

A number is a probability where a softmax or sigmoid made it, or where those of a photograph are from 0 to 1; else it is
a logit, of which the container makes probabilities.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import CLASSIFIER, IMAGE_CLASSIFICATION, Model, ModelInput, ModelOutput
from workbench.errors import RecognitionError
from workbench.recognition import class_names, classifier_inputs, frame_input, trial, ultralytics_metadata
from workbench.recognition.graph_facts import GraphFacts
from workbench.recognition.guess import UNKNOWN_LICENCE, Beside, Guess
from workbench.recognition.ultralytics_metadata import UltralyticsMetadata

_HEAD = "classes"
_CLASSIFIES = "classify"
_RANKS = (2, 4, None)
_ROUNDING = 0.02  # of quantised networks
_WITH_BACKGROUND = 1001  # ImageNet's classes behind a background
_FACE_SIDE, _LENGTHS_OF_EMBEDDINGS = 112, range(64, 1025)
_LOGITS = frozenset({"Gemm", "MatMul", "Add", "Conv"})
_PASSING = frozenset({"Identity", "Cast", "Reshape", "Flatten", "Squeeze", "DequantizeLinear", "QuantizeLinear"})


def guesses(graph: GraphFacts, beside: Beside) -> list[Guess]:
    """Guess a classifier where a frame becomes two numbers or more, one for each class.

    Raises:
        RecognitionError: files name another number of classes than the network has.
    """
    frames, told = frame_input.of(graph), ultralytics_metadata.read(graph)
    if frames is None or len(graph.outputs) != 1 or graph.outputs[0].rank not in _RANKS:
        return []
    if told is not None and told.task != _CLASSIFIES:
        return []
    prepared, preparation = classifier_inputs.of(graph, frames, beside, told)
    model = _undecided(prepared, told)
    try:
        values = _answer(model, graph.path)
    except RecognitionError:
        if told is not None:
            raise
        return []
    if values is None:
        return []
    names, naming, is_named = _names(len(values), graph, beside, told)
    activation, activating = _activation(_last_operator(graph.path), values, beside)
    model = dataclasses.replace(
        model,
        title=(told.title if told is not None else "") or f"Image classifier of {len(values)} classes",
        classes=names,
        output=ModelOutput(activation=activation),
    )
    may_embed = frames.height == frames.width == _FACE_SIDE and len(values) in _LENGTHS_OF_EMBEDDINGS
    return [Guess(model, (naming, activating, preparation), is_certain=is_named or not may_embed)]


def _undecided(prepared: ModelInput, told: UltralyticsMetadata | None) -> Model:
    return Model(
        name="",
        title="",
        role=CLASSIFIER,
        applications=(IMAGE_CLASSIFICATION,),
        engine="onnxruntime",
        head=_HEAD,
        input=prepared,
        files={},
        licence=(told.licence if told is not None else None) or UNKNOWN_LICENCE,
    )


def _answer(model: Model, graph: Path) -> npt.NDArray[np.float32] | None:
    """Numbers for a photograph, one for each class; None where the output is of another form.

    Raises:
        RecognitionError: the graph does not run.
    """
    (output,) = trial.outputs(model, graph).values()
    is_row = output.ndim == 2 or (output.ndim == 4 and output.shape[2:] == (1, 1))
    if not is_row or output.shape[0] != 1 or output.shape[1] < 2 or not np.isfinite(output).all():
        return None
    return output.reshape(-1)


def _names(
    count: int, graph: GraphFacts, beside: Beside, told: UltralyticsMetadata | None
) -> tuple[tuple[str, ...], str, bool]:
    """Names of the classes, the evidence, and whether a file or the graph names them."""
    own, source = _own_names(beside, told)
    if own:
        if len(own) != count:
            raise RecognitionError(
                f"{source} of {graph.path} names {len(own)} classes, and the network answers {count}; export it again, "
                "or take the file of another network away"
            )
        return own, f"{source} names its {count} classes", True
    if count == _WITH_BACKGROUND:
        listed = beside.classes if len(beside.classes) != count else beside.classes[1:]
        about = dataclasses.replace(beside, classes=listed)
        names, naming = class_names.of_count(count - 1, about, data_sets=("imagenet",))
        return ("", *names), f"{naming}, behind a background", bool(beside.classes)
    names, naming = class_names.of_count(count, beside, data_sets=("imagenet",))
    return names, naming, bool(beside.classes)


def _own_names(beside: Beside, told: UltralyticsMetadata | None) -> tuple[tuple[str, ...], str]:
    if told is not None:
        return told.names, "the metadata"
    by_index = beside.config.get("id2label")
    if isinstance(by_index, dict) and by_index:
        try:
            return tuple(str(by_index[index]) for index in sorted(by_index, key=int)), "config.json"
        except ValueError:
            return (), ""
    listed = beside.config.get("label_names") or (beside.config.get("pretrained_cfg") or {}).get("label_names")
    return (tuple(map(str, listed)), "config.json") if isinstance(listed, list) else ((), "")


def _activation(last: str, values: npt.NDArray[np.float32], beside: Beside) -> tuple[str, str]:
    """Function that makes probabilities of the numbers for a photograph, and the evidence."""
    are_shares = bool(((values >= -_ROUNDING) & (values <= 1 + _ROUNDING)).all())
    sums_to_one = are_shares and abs(float(values.sum()) - 1) < _ROUNDING
    if last == "Softmax" or (sums_to_one and last not in _LOGITS):
        return "none", "its numbers are probabilities, which sum to 1"
    if are_shares and last not in _LOGITS:
        return "none", "its numbers are probabilities of classes that may come together"
    if beside.config.get("problem_type") == "multi_label_classification":
        return "sigmoid", "its numbers are logits of classes that may come together (config.json)"
    return "softmax", "its numbers are logits"


def _last_operator(path: Path) -> str:
    """Operator that makes the output, behind those that change only its form; empty for an unknown one."""
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    makers = {name: node for node in graph.node for name in node.output}
    node = makers.get(graph.output[0].name)
    while node is not None and node.op_type in _PASSING:
        node = makers.get(node.input[0])
    return str(node.op_type) if node is not None else ""
