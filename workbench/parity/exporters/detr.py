"""DETR, Conditional DETR and YOLOS of Hugging Face; answers by their own image processors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
import transformers
from torch import nn

from workbench.parity.exporters import frames, random_networks, written

_HEIGHT, _WIDTH, _QUERIES, _CLASSES = 320, 480, 60, 30
_THRESHOLD = 0.15
_SMALL = {
    "num_queries": _QUERIES,
    "d_model": 64,
    "encoder_layers": 1,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128,
    "use_timm_backbone": False,
    "use_pretrained_backbone": False,
    "backbone": None,
}
_ATTENTION = ("q_proj", "k_proj", "query", "key", "query_pos")


class Outputs(nn.Module):
    """Network whose outputs are ``logits`` and ``pred_boxes`` alone."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (N, queries, classes) and (N, queries, 4), centre and sides as shares of the input."""
        found = self.network(pixel_values=pixel_values)
        return found.logits, found.pred_boxes


def export(kind: str, folder: Path, paths: list[Path]) -> None:
    """Export one network with its configuration and its processor's beside it, and answer the frames."""
    network = _network(kind).eval()
    network.config.id2label = {index: f"object {index}" for index in range(_CLASSES)}
    processor = _PROCESSORS[kind](size={"height": _HEIGHT, "width": _WIDTH})
    _make_answer(kind, network, processor(images=[frames.rgb(path) for path in paths], return_tensors="pt"))
    save(folder / "model", network, processor, (_HEIGHT, _WIDTH))
    session = onnxruntime.InferenceSession(str(folder / "model/model.onnx"), providers=["CPUExecutionProvider"])
    answers = [(path, answer(session, processor, network.config, path, _THRESHOLD)) for path in paths]
    exporter = f"transformers {transformers.__version__}"
    written.write(folder, model=["model"], exporter=exporter, threshold=_THRESHOLD, answers=answers)


def save(folder: Path, network: Any, processor: Any, size: tuple[int, int]) -> None:
    """Write ``model.onnx`` with a batch of any size, ``config.json`` and ``preprocessor_config.json``."""
    folder.mkdir()
    torch.onnx.export(
        Outputs(network),
        (torch.zeros(1, 3, *size),),
        str(folder / "model.onnx"),
        input_names=["pixel_values"],
        output_names=["logits", "pred_boxes"],
        dynamic_axes={name: {0: "batch_size"} for name in ("pixel_values", "logits", "pred_boxes")},
        opset_version=17,
        dynamo=False,
    )
    network.config.save_pretrained(folder)
    processor.save_pretrained(folder)


def answer(session: Any, processor: Any, config: Any, path: Path, threshold: float) -> list[written.Entry]:
    """Answer a frame by the processor's ``post_process_object_detection``."""
    image = frames.rgb(path)
    pixels = processor(images=image, return_tensors="np")["pixel_values"].astype(np.float32)
    logits, boxes = (torch.from_numpy(output) for output in session.run(None, {"pixel_values": pixels}))
    found = transformers.models.detr.modeling_detr.DetrObjectDetectionOutput(logits=logits, pred_boxes=boxes)
    (result,) = processor.post_process_object_detection(found, threshold, target_sizes=[(image.height, image.width)])
    rows = zip(result["boxes"].tolist(), result["scores"].tolist(), result["labels"].tolist(), strict=True)
    return [
        written.entry(config.id2label[name], score, written.shown(image.width, image.height, box))
        for box, score, name in rows
    ]


def _network(kind: str) -> Any:
    labels = {"num_labels": _CLASSES}
    if kind == "yolos":
        return transformers.YolosForObjectDetection(
            transformers.YolosConfig(
                hidden_size=64,
                num_hidden_layers=3,
                num_attention_heads=4,
                intermediate_size=128,
                image_size=[_HEIGHT, _WIDTH],
                num_detection_tokens=_QUERIES,
                use_mid_position_embeddings=False,
                **labels,
            )
        )
    backbone = transformers.ResNetConfig(
        embedding_size=32, hidden_sizes=[32, 64, 96, 128], depths=[1] * 4, layer_type="basic", out_features=["stage4"]
    )
    if kind == "detr":
        config = transformers.DetrConfig(**_SMALL, backbone_config=backbone, **labels)
        return transformers.DetrForObjectDetection(config)
    config = transformers.ConditionalDetrConfig(**_SMALL, backbone_config=backbone, **labels)
    return transformers.ConditionalDetrForObjectDetection(config)


_PROCESSORS = {
    "detr": transformers.DetrImageProcessor,
    "conditional-detr": transformers.ConditionalDetrImageProcessor,
    "yolos": transformers.YolosImageProcessor,
}


def _make_answer(kind: str, network: Any, batch: Any) -> None:
    def run() -> Any:
        return network(pixel_values=batch["pixel_values"])

    for name, weight in network.named_parameters():
        if any(part in name for part in ("query_position", "detection_tokens", "position_embeddings")):
            nn.init.normal_(weight, 0, 2.0)  # queries that differ
    random_networks.sharpen(network, _ATTENTION)
    random_networks.settle(network, run)
    scores = network.class_labels_classifier
    scores = scores.layers[-1] if hasattr(scores, "layers") else scores
    if kind == "conditional-detr":
        random_networks.spread([scores], run, share=5e-3)
    else:  # softmax, with a class of no object behind the others
        random_networks.normalise([scores], run, mean=0.0, deviation=3.0)
        with torch.no_grad():
            scores.bias[-1] += 5.0
    sides = network.bbox_predictor.layers[-1]
    random_networks.normalise([sides], run, mean=0.0, deviation=1.2)
    with torch.no_grad():
        sides.bias[2:] -= 1.2  # sides of a tenth to a half of the frame
