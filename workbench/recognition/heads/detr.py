"""DETR and the networks after it: logits and boxes of a few hundred queries, as Hugging Face and Roboflow export them.

Sources: ``models/auto/image_processing_auto.py`` and the image processors of Hugging Face's transformers, which tell
the activation, the most detections (``top_k``) and the preprocessing of each kind; RF-DETR's
``rfdetr/export/_onnx/inference.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipc_ai_catalogue import Model, ModelOutput
from workbench.recognition import class_names
from workbench.recognition.graph_facts import GraphFacts, Tensor
from workbench.recognition.guess import UNKNOWN_LICENCE, Beside, Guess
from workbench.recognition.heads import _hugging_face
from workbench.recognition.heads._hugging_face import NO_MEAN, NO_STD, OF_FLOATS, Family

_MASK = "pixel_mask"
_MOST_QUERIES = 1000  # more rows are anchors or cells
_BOX = 4
_OF_OTHERS = ("raw", "detection", "anchor")
_SOFTMAX, _SIGMOID = "softmax", "sigmoid"


@dataclass(frozen=True)
class _Kind:
    """Networks of the same activation and preprocessing.

    Attributes:
        words: kind as written in ``--head detr:WORDS``.
        title: for people.
        activation: of the scores.
        family: preprocessing where no file tells it.
        most: most detections of its own post-processing; None for as many as there are queries.
        types: its ``model_type`` in ``config.json``.
        processors: its ``image_processor_type``, without ``ImageProcessor`` and the like.
    """

    words: str
    title: str
    activation: str
    family: Family
    most: int | None = None
    types: tuple[str, ...] = ()
    processors: tuple[str, ...] = ()


_DETR = _Kind("softmax", "DETR", _SOFTMAX, Family(short=800, long=1333), None, ("detr",), ("Detr",))
_YOLOS = _Kind("yolos", "YOLOS", _SOFTMAX, Family(short=800, long=1333, stride=16), None, ("yolos",), ("Yolos",))
_RT_DETR = _Kind(
    "rt-detr",
    "RT-DETR",
    _SIGMOID,
    Family(NO_MEAN, NO_STD),
    None,
    ("rt_detr", "rt_detr_v2", "d_fine", "deim", "deimv2"),
    ("RTDetr",),
)
_DEFORMABLE = _Kind(
    "deformable",
    "Deformable DETR",
    _SIGMOID,
    Family(short=800, long=1333),
    100,
    ("deformable_detr", "conditional_detr", "dab-detr", "dab_detr", "lw_detr", "deta"),
    ("DeformableDetr", "ConditionalDetr", "Deta"),
)
_RF_DETR = _Kind("rf-detr", "RF-DETR", _SIGMOID, Family(interpolation=OF_FLOATS), None, ("rf_detr",), ("RfDetr",))
_KINDS = (_DETR, _YOLOS, _RT_DETR, _DEFORMABLE, _RF_DETR)
_OF_UNKNOWN = (_DETR, _RT_DETR, _DEFORMABLE)
_BY_COUNT = {92: _DETR, 91: _DEFORMABLE, 80: _RT_DETR}
"""COCO's ids with no object behind them, COCO's ids, and COCO's classes counted without gaps."""


def guesses(graph: GraphFacts, beside: Beside) -> list[Guess]:
    """Guess DETR or one after it where there are logits and boxes of as many queries."""
    frames = graph.frames
    others = [each.name for each in graph.inputs if each is not frames]
    found = _outputs(graph)
    if frames is None or frames.shape is None or found is None or others not in ([], [_MASK]):
        return []
    logits, boxes = found
    if (count := _count(logits, beside)) is None:
        return []
    kinds, because, is_certain = _kinds(graph, beside, count)
    also = dict.fromkeys(others, "ones-mask")
    shapes = f"{logits.name} and {boxes.name} have {count} logits and a box for each query"
    made = []
    for kind in kinds:
        classes, told = _names(kind, count, beside)
        model_input, preprocessing = _hugging_face.model_input(frames, beside.processor, kind.family, also)
        queries = logits.shape[1] if logits.shape else None
        model = Model(
            name="",
            title=f"{kind.title}, {len(classes)} classes",
            role="detector",
            applications=class_names.applications_of(classes),
            engine="onnxruntime",
            head="detr",
            classes=classes,
            output=ModelOutput(
                activation=kind.activation,
                boxes="cxcywh",
                normalised=True,
                most=kind.most or (queries if isinstance(queries, int) else beside.config.get("num_queries")),
            ),
            input=model_input,
            files={},
            licence=UNKNOWN_LICENCE,
        )
        made.append(Guess(model, (shapes, because, told, preprocessing), is_certain, kind.words))
    return class_names.with_file(made, beside)


def _kinds(graph: GraphFacts, beside: Beside, count: int) -> tuple[tuple[_Kind, ...], str, bool]:
    """Kinds that the network may be of, the evidence, and True where a file or names tell it for certain."""
    kind_of_model = str(beside.config.get("model_type", ""))
    processor = str(
        beside.processor.get("image_processor_type") or beside.processor.get("feature_extractor_type") or ""
    )
    for kind in _KINDS:
        if kind_of_model in kind.types:
            return (kind,), f"config.json says {kind_of_model}", True
    for kind in _KINDS:
        if processor and any(processor in (f"{it}{end}" for end in _PROCESSOR_ENDS) for it in kind.processors):
            return (kind,), f"preprocessor_config.json says {processor}", True
    if {"dets", "labels"} <= {each.name for each in graph.outputs}:
        return (_RF_DETR,), "outputs are called dets and labels, as RF-DETR's export does", True
    if count in _BY_COUNT and len(beside.classes or _hugging_face.class_names(beside.config)) in (0, count, count - 1):
        kind = _BY_COUNT[count]
        return (kind,), f"{count} logits, as {kind.title} has for COCO", False
    return _OF_UNKNOWN, "no file tells whether the last class means no object", False


_PROCESSOR_ENDS = ("ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor")


def _names(kind: _Kind, count: int, beside: Beside) -> tuple[tuple[str, ...], str]:
    """Names of classes that Hugging Face's file has, or that the number of logits tells, and their evidence."""
    answered = count - 1 if kind.activation == _SOFTMAX else count
    named = _hugging_face.class_names(beside.config)
    if len(named) == answered:
        return named, f"config.json names its {answered} classes"
    names, told = class_names.of_count(answered, Beside(), data_sets=("coco", "coco-91"))
    # Behind the classes of a network of one's own RF-DETR has one for no object.
    return ((*names[:-1], "") if kind is _RF_DETR and count not in _BY_COUNT else names), told


def _count(logits: Tensor, beside: Beside) -> int | None:
    """Number of logits a query; where the graph does not tell, by the names of classes."""
    side = logits.shape[2] if logits.shape else None
    if isinstance(side, int):
        return side
    names = _hugging_face.class_names(beside.config)
    softmax = beside.config.get("model_type") in (*_DETR.types, *_YOLOS.types)
    return len(names) + softmax if names else None


def _outputs(graph: GraphFacts) -> tuple[Tensor, Tensor] | None:
    """The logits and the boxes; others, of earlier layers for example, are passed over."""
    rows = [each for each in graph.outputs if each.rank == 3 and not any(word in each.name for word in _OF_OTHERS)]
    boxes = _only([each for each in rows if _may_be(each, _BOX, "box", "dets")], ("box", "dets"))
    if boxes is None or boxes.shape is None:
        return None
    queries = boxes.shape[1]
    if isinstance(queries, int) and queries > _MOST_QUERIES:
        return None
    others = [
        each
        for each in rows
        if each is not boxes and each.shape and not (isinstance(each.shape[1], int) and each.shape[1] != queries)
    ]
    logits = _only(others, ("logits", "labels", "scores", "class"))
    return (logits, boxes) if logits is not None else None


def _may_be(tensor: Tensor, side: int, *words: str) -> bool:
    last = tensor.shape[-1] if tensor.shape else None
    return last == side or (not isinstance(last, int) and any(word in tensor.name.lower() for word in words))


def _only(tensors: list[Tensor], words: tuple[str, ...]) -> Tensor | None:
    """The only one, else the only one with one of the words, the first word first."""
    if len(tensors) == 1:
        return tensors[0]
    for word in words:
        named = [each for each in tensors if word in each.name.lower()]
        exact = [each for each in named if each.name.lower().removeprefix("pred_") in (word, f"{word}es")]
        if len(exact or named) == 1:
            return (exact or named)[0]
    return None
