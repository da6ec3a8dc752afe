"""RT-DETR: as Hugging Face exports it, and in the form of RT-DETR's own ``export_onnx.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
import transformers
from torch import nn

from workbench.parity.exporters import detr, frames, random_networks, written

_SIZE, _QUERIES, _CLASSES = 320, 60, 30
_THRESHOLD = 0.15


class _Deployed(nn.Module):
    """``RTDETRPostProcessor`` in deploy mode behind the network (lyuwenyu/RT-DETR, rtdetr_postprocessor.py)."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor, orig_target_sizes: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return labels, boxes in pixels of ``orig_target_sizes`` (width, height) and scores, best first."""
        found = self.network(pixel_values=images)
        centres, sides = found.pred_boxes[..., :2], found.pred_boxes[..., 2:]
        corners = torch.cat((centres - sides / 2, centres + sides / 2), -1)
        corners = corners * orig_target_sizes.repeat(1, 2).unsqueeze(1)
        scores, index = torch.topk(found.logits.sigmoid().flatten(1), _QUERIES, dim=-1)
        query = index // _CLASSES
        labels = index - query * _CLASSES
        return labels, corners.gather(1, query.unsqueeze(-1).repeat(1, 1, 4)), scores


def export(kind: str, folder: Path, paths: list[Path]) -> None:
    """Export the network in one of its two forms, and answer the frames."""
    network = _network().eval()
    network.config.id2label = {index: f"object {index}" for index in range(_CLASSES)}
    processor = transformers.RTDetrImageProcessor(size={"height": _SIZE, "width": _SIZE})
    pixels = processor(images=[frames.rgb(path) for path in paths], return_tensors="pt")["pixel_values"]
    _make_answer(network, lambda: network(pixel_values=pixels))
    if kind == "rt-detr":
        detr.save(folder / "model", network, processor, (_SIZE, _SIZE))
        path = folder / "model/model.onnx"
    else:
        path = folder / "model" / f"{kind}.onnx"
        _save_deployed(path, network)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    if kind == "rt-detr":
        answers = [(path, detr.answer(session, processor, network.config, path, _THRESHOLD)) for path in paths]
    else:
        answers = [(path, _deployed_answer(session, path)) for path in paths]
    exporter = f"transformers {transformers.__version__}" + ("" if kind == "rt-detr" else ", RT-DETR's own form")
    written.write(folder, model=["model"], exporter=exporter, threshold=_THRESHOLD, answers=answers)


def _network() -> Any:
    backbone = transformers.RTDetrResNetConfig(
        embedding_size=16,
        hidden_sizes=[16, 32, 64, 96],
        depths=[1] * 4,
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    return transformers.RTDetrForObjectDetection(
        transformers.RTDetrConfig(
            backbone_config=backbone,
            encoder_in_channels=[32, 64, 96],
            encoder_hidden_dim=64,
            decoder_in_channels=[64] * 3,
            d_model=64,
            num_queries=_QUERIES,
            num_labels=_CLASSES,
            encoder_layers=1,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=128,
            decoder_ffn_dim=128,
            hidden_expansion=0.5,
            num_denoising=0,
            eval_size=None,
            anchor_image_size=None,
            disable_custom_kernels=True,
        )
    )


def _make_answer(network: Any, run: Any) -> None:
    random_networks.settle(network, run)
    scores = [
        layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear) and ("class_embed" in name or "enc_score_head" in name)
    ]
    random_networks.spread(scores, run, share=5e-3)


def _save_deployed(path: Path, network: Any) -> None:
    path.parent.mkdir()
    torch.onnx.export(
        _Deployed(network),
        (torch.zeros(1, 3, _SIZE, _SIZE), torch.tensor([[_SIZE, _SIZE]])),
        str(path),
        input_names=["images", "orig_target_sizes"],
        output_names=["labels", "boxes", "scores"],
        dynamic_axes={"images": {0: "N"}, "orig_target_sizes": {0: "N"}},
        opset_version=17,
        dynamo=False,
    )
    names = path.with_name("labels.txt")  # the graph has none
    names.write_text("".join(f"object {index}\n" for index in range(_CLASSES)), encoding="utf-8")


def _deployed_answer(session: Any, path: Path) -> list[written.Entry]:
    image = frames.rgb(path)
    resized = image.resize((_SIZE, _SIZE), 2)  # bilinear, as torchvision's Resize of a Pillow image
    pixels = np.asarray(resized, np.float32).transpose(2, 0, 1)[None] / 255
    sizes = np.array([[image.width, image.height]], np.int64)
    labels, boxes, scores = (rows[0] for rows in session.run(None, {"images": pixels, "orig_target_sizes": sizes}))
    return [
        written.entry(f"object {label}", score, written.shown(image.width, image.height, box))
        for label, box, score in zip(labels, boxes, scores, strict=True)
        if score >= _THRESHOLD
    ]
