"""Network with YOLOv5's anchors, objectness and rows of 5 + C numbers; answers by Ultralytics' own suppression."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
import ultralytics
from torch import nn
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import scale_boxes

from workbench.parity.exporters import frames, random_networks, written

_SIZE = 320
_CLASSES = [f"object {index}" for index in range(20)]
# yolov5n.yaml: sides of three anchors at each stride, in pixels.
_ANCHORS = {
    8: ((10, 13), (16, 30), (33, 23)),
    16: ((30, 61), (62, 45), (59, 119)),
    32: ((116, 90), (156, 198), (373, 326)),
}
_THRESHOLD, _IOU = 0.15, 0.45  # the latter is YOLOv5's own default


class _Levels(nn.Module):
    """Backbone of three levels, and YOLOv5's decoding (ultralytics/yolov5, models/yolo.py ``Detect``)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 24, 32, 48, 64, 96)
        sizes = zip((3, *widths), widths, strict=False)
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.SiLU())
            for before, after in sizes
        )
        self.scores = nn.ModuleList(nn.Conv2d(width, 3 * (1 + len(_CLASSES)), 1) for width in widths[2:5])
        self.sides = nn.ModuleList(nn.Conv2d(width, 3 * 4, 1) for width in widths[2:5])

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """Return (N, rows, 5 + C): centre, width and height in pixels of the input, objectness, scores of classes."""
        rows = []
        for index, stage in enumerate(self.stages):
            frame = stage(frame)
            if 2 <= index <= 4:
                rows.append(self._rows(frame, index - 2))
        return torch.cat(rows, 1)

    def _rows(self, level: torch.Tensor, index: int) -> torch.Tensor:
        stride = list(_ANCHORS)[index]
        batch, _, height, width = level.shape
        shape = (batch, 3, -1, height, width)
        sides = self.sides[index](level).view(shape).permute(0, 1, 3, 4, 2).sigmoid()
        scores = self.scores[index](level).view(shape).permute(0, 1, 3, 4, 2).sigmoid()
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        centres = (sides[..., :2] * 2 - 0.5 + torch.stack((x, y), -1)) * stride
        anchors = torch.tensor(_ANCHORS[stride], dtype=torch.float32).view(1, 3, 1, 1, 2)
        corners = torch.cat((centres, (sides[..., 2:] * 2) ** 2 * anchors, scores), -1)
        return corners.view(batch, -1, 5 + len(_CLASSES))


def export(kind: str, folder: Path, paths: list[Path]) -> None:
    """Export with the metadata that YOLOv5's ``export.py`` writes, and answer the frames."""
    network = _Levels()
    batch = frames.as_batch([frames.letterboxed(path, _SIZE, _SIZE) for path in paths])
    random_networks.settle(network, lambda: network(batch))
    random_networks.spread(network.scores, lambda: network(batch), share=0.06)
    random_networks.normalise(network.sides, lambda: network(batch), mean=0.0, deviation=0.7)
    path = folder / f"{kind}.onnx"
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, _SIZE, _SIZE),),
        str(path),
        input_names=["images"],
        output_names=["output0"],
        opset_version=12,
        dynamo=False,
    )
    _add_metadata(path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    answers = [(frame, _answer(session, frame)) for frame in paths]
    exporter = f"YOLOv5's layout, post-processing of ultralytics {ultralytics.__version__}"
    written.write(folder, model=[path.name], exporter=exporter, threshold=_THRESHOLD, answers=answers)


def _add_metadata(path: Path) -> None:
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"stride": "32", "names": str(dict(enumerate(_CLASSES)))})
    onnx.save(model, path)


def _answer(session: Any, path: Path) -> list[written.Entry]:
    image = frames.letterboxed(path, _SIZE, _SIZE)
    (rows,) = session.run(None, {"images": frames.as_batch([image]).numpy()})
    # Ultralytics' suppression takes scores of classes alone, so objectness is multiplied in, as YOLOv5 does.
    joined = np.concatenate((rows[..., :4], rows[..., 5:] * rows[..., 4:5]), -1).transpose(0, 2, 1)
    (kept,) = non_max_suppression(torch.from_numpy(joined), _THRESHOLD, _IOU, max_det=300)
    height, width = frames.bgr(path).shape[:2]
    scale = _SIZE / max(height, width)
    # YOLOv5's scale_boxes counts the padding in fractions of a pixel.
    padding = (_SIZE - width * scale) / 2, (_SIZE - height * scale) / 2
    boxes = scale_boxes((_SIZE, _SIZE), kept[:, :4], (height, width), ratio_pad=((scale, scale), padding)).tolist()
    rest = kept[:, 4:6].tolist()
    return [written.entry(_CLASSES[int(name)], score, box) for box, (score, name) in zip(boxes, rest, strict=True)]
