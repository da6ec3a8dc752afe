"""Description of a model: input, artefacts, output, licence, as in ``models.json`` and in ``model.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ipc_ai_catalogue import class_names
from ipc_ai_catalogue.errors import CatalogueError, nearest

_ANY_APPLICATION = "any"
_INPUT_WORDS = {
    "resize": ("short-side", "letterbox", "stretch", "centre-crop", "aligned-face"),
    "colour": ("RGB", "BGR"),
    "interpolation": (
        "linear",
        "cubic",
        "float-linear",
        "antialiased-linear",
        "antialiased-cubic",
        "tensor-linear",
        "tensor-cubic",
    ),
    "placement": ("top-left", "centre"),
    "rounding": ("nearest", "exact", "cut"),
    "sides": ("padded", "cut"),
    "layout": ("NCHW", "NHWC"),
}
_OTHER_INPUTS = ("network-size", "ones-mask")
_OUTPUT_WORDS = {"activation": ("none", "sigmoid", "softmax"), "boxes": ("xyxy", "yxyx", "cxcywh")}


@dataclass(frozen=True, kw_only=True)
class ModelInput:
    """Preprocessing of a frame to the tensor that a model takes.

    Attributes:
        tensor: name of the input tensor.
        resize: ``short-side`` (aspect ratio kept, short side to ``size``), ``letterbox`` (aspect ratio kept, fits
            ``width`` x ``size``), ``stretch`` (each side to the network's own, or to ``crop_from``, of which the middle
            is taken), ``centre-crop`` (short side to ``crop_from``, then the middle of ``width`` x ``size``) or
            ``aligned-face`` (a face warped to ``size`` x ``size``).
        size: side in pixels at the network input; its height where ``width`` differs.
        stride: height and width are multiples of it.
        max_long_side: the long side at the network input never exceeds it, in pixels.
        colour: channel order, ``RGB`` or ``BGR``.
        scale, mean, std: normalisation ``(pixel * scale - mean) / std``, mean and std in the order of ``colour``.
        enlarge: True where a frame smaller than ``size`` is enlarged to it.
        interpolation: ``linear`` or ``cubic`` (as in MXNet's ``resize_short``) of OpenCV, ``float-linear`` without
            rounding (as in torchvision on tensors of floats without antialiasing); ``antialiased-linear`` or
            ``antialiased-cubic`` of Pillow (as in torchvision on images), ``tensor-linear`` or ``tensor-cubic`` of
            torchvision on tensors (as in Hugging Face's processors).
        pad_value: pixel value of padding, 0-255, before normalisation.
        width: width in pixels at the network input; None where it is ``size``.
        placement: place of the frame in a letterbox, ``top-left`` or ``centre``.
        rounding: of a letterbox's sides to whole pixels. ``nearest`` brings boxes back by each side's scale, as
            Ultralytics, ``exact`` by the one scale, and the padding, before they were rounded, as YOLOv5; ``cut`` cuts
            the sides, and brings boxes back by the scale of the height, as InsightFace.
        sides: of ``short-side``, how they become multiples of ``stride``: ``padded``, or ``cut``, as in Hugging Face's
            processors, which cut the long side to a whole number and both sides down to a multiple. Where the middle
            is taken and an odd number of pixels falls away, ``cut`` takes fewer before it, as they do.
        fixed: False where a letterbox is padded to multiples of ``stride`` alone.
        crop_from: side in pixels from which the middle is cut; None where that is ``size``.
        layout: order of the tensor's axes, ``NCHW`` or ``NHWC``.
        full_decode: True where a JPEG is decoded with all its pixels, as exporters do, whose scores are compared.
        also: the graph's other inputs by name: ``network-size`` is width and height of the tensor, (1, 2) int64, and
            ``ones-mask`` is 1 for each of its pixels, (1, height, width).
    """

    tensor: str
    resize: str
    size: int
    stride: int
    max_long_side: int
    colour: str
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    enlarge: bool = True
    interpolation: str = "linear"
    pad_value: int = 0
    width: int | None = None
    placement: str = "top-left"
    rounding: str = "nearest"
    sides: str = "padded"
    fixed: bool = True
    crop_from: int | None = None
    layout: str = "NCHW"
    full_decode: bool = False
    also: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the words.

        Raises:
            CatalogueError: one is unknown; the message has the nearest right one.
        """
        _require_known("input", self, _INPUT_WORDS)
        for kind in self.also.values():
            if kind not in _OTHER_INPUTS:
                raise CatalogueError(f"input of kind '{kind}' is unknown; known: {', '.join(_OTHER_INPUTS)}")

    @property
    def is_cropped(self) -> bool:
        """True where the middle of the resized frame is cut out."""
        return self.resize == "centre-crop" or (self.resize == "stretch" and self.crop_from is not None)

    @property
    def columns(self) -> int:
        """Width in pixels at the network input, of a network whose input has one size."""
        return self.width or self.size


@dataclass(frozen=True, kw_only=True)
class ModelOutput:
    """Reading of outputs, where networks of one head differ.

    Attributes:
        activation: function that makes scores of 0 to 1, ``none``, ``sigmoid`` or ``softmax``.
        boxes: order of a box's numbers, ``xyxy``, ``yxyx`` or ``cxcywh``.
        normalised: True where boxes are shares of the network input.
        nms_iou: overlap from which of two boxes one is suppressed; None for the head's own.
        extra: numbers of a box after its scores that are not read, such as the coefficients of a mask.
        most: most detections a frame; None for the head's own.
    """

    activation: str = "none"
    boxes: str = "xyxy"
    normalised: bool = False
    nms_iou: float | None = None
    extra: int = 0
    most: int | None = None

    def __post_init__(self) -> None:
        """Check the words.

        Raises:
            CatalogueError: one is unknown; the message has the nearest right one.
        """
        _require_known("output", self, _OUTPUT_WORDS)


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """An artefact: its path in the model folder, its role for the engine, its source."""

    name: str
    role: str
    url: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Licence:
    """Licence of the weights."""

    spdx: str
    commercial_use: bool
    note: str


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model: its engine, its input and the head that decodes its output.

    ``files`` maps an application to its artefacts; ``"any"`` stands for every application. ``classes`` are names by
    the network's class index, with an empty one for an index that is never answered; a network without names knows
    the application's target alone. ``target_class`` is the network's class index of the application's target, None for
    all classes, ``output`` tells how its head reads it, ``landmark_std`` is the factor of a RetinaFace's landmark
    outputs, ``dimensions`` the length of an embedding. ``head`` names a detector's decoder of outputs, or for an
    embedder the template that faces are aligned to.
    """

    name: str
    title: str
    role: str
    applications: tuple[str, ...]
    engine: str
    head: str
    input: ModelInput
    files: Mapping[str, tuple[ModelFile, ...]]
    licence: Licence
    default: bool = False
    classes: tuple[str, ...] = ()
    target_class: int | None = 0
    output: ModelOutput = field(default_factory=ModelOutput)
    landmark_std: float = 1.0
    dimensions: int | None = None

    def __post_init__(self) -> None:
        """Make each class name fit a line."""
        object.__setattr__(self, "classes", tuple(map(class_names.in_a_line, self.classes)))

    def files_for(self, application: str) -> tuple[ModelFile, ...]:
        """The artefacts that ``application`` needs; empty when the model ships in a wheel."""
        return self.files.get(application, self.files.get(_ANY_APPLICATION, ()))

    def has_files_of_its_own(self, application: str) -> bool:
        """Tell whether ``application`` has other artefacts than the other applications."""
        return application in self.files

    def all_files(self) -> tuple[ModelFile, ...]:
        """The artefacts of every application."""
        return tuple(file for files in self.files.values() for file in files)


def _require_known(part: str, described: ModelInput | ModelOutput, words: Mapping[str, tuple[str, ...]]) -> None:
    for name, known in words.items():
        if (word := getattr(described, name)) not in known:
            raise CatalogueError(f"{part} {name} '{word}' is unknown{nearest(word, known)}; known: {', '.join(known)}")
