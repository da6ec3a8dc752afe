"""Classifiers of torchvision and Hugging Face; answers by their own transforms and a softmax."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime
import torch
import torchvision
import transformers
from torch import nn
from torchvision import transforms

from workbench.parity.exporters import frames, random_networks, written

_CLASSES, _BEST = 40, 5
_NAMES = [f"kind {index}" for index in range(_CLASSES)]


class _Logits(nn.Module):
    """Network whose output is ``logits`` alone."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return (N, classes)."""
        logits: torch.Tensor = self.network(pixel_values=pixel_values).logits
        return logits


def export(kind: str, folder: Path, paths: list[Path]) -> None:
    """Export one classifier and answer the frames."""
    (folder / "model").mkdir()
    images = [frames.rgb(path) for path in paths]
    if kind == "vit":
        network, batch = _vit(folder / "model", images)
        exporter, name = f"transformers {transformers.__version__}", "pixel_values"
    else:
        network, batch = _mobilenet(folder / "model", images)
        exporter, name = f"torchvision {torchvision.__version__}", "input"
    path = folder / "model/model.onnx"
    torch.onnx.export(
        network,
        (batch[:1],),
        str(path),
        input_names=[name],
        output_names=["logits"],
        dynamic_axes={name: {0: "batch_size"}, "logits": {0: "batch_size"}},
        opset_version=17,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    answers = []
    for frame, pixels in zip(paths, batch, strict=True):
        (logits,) = session.run(None, {name: pixels[None].numpy()})
        scores = torch.from_numpy(logits[0]).softmax(0)
        best = scores.argsort(descending=True)[:_BEST].tolist()
        answers.append((frame, [written.entry(_NAMES[index], float(scores[index])) for index in best]))
    written.write(folder, model=["model"], exporter=exporter, threshold=0.0, answers=answers)


def _mobilenet(folder: Path, images: list[Any]) -> tuple[Any, torch.Tensor]:
    """Return torchvision's network and what its ``ImageClassification`` preset makes of the images."""
    preset = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    network = torchvision.models.mobilenet_v3_small(weights=None, num_classes=_CLASSES)
    batch = torch.stack([preset(image) for image in images])
    random_networks.settle(network, lambda: network(batch))
    random_networks.tell_apart(network.classifier[-1], lambda: network(batch))
    (folder / "labels.txt").write_text("".join(f"{name}\n" for name in _NAMES), encoding="utf-8")
    return network, batch


def _vit(folder: Path, images: list[Any]) -> tuple[Any, torch.Tensor]:
    """Return Hugging Face's network and what its processor makes of the images."""
    config = transformers.ViTConfig(
        hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=128, num_labels=_CLASSES
    )
    config.id2label = dict(enumerate(_NAMES))
    network = transformers.ViTForImageClassification(config).eval()
    processor = transformers.ViTImageProcessor(size={"height": 224, "width": 224})
    batch = processor(images=images, return_tensors="pt")["pixel_values"]
    random_networks.tell_apart(network.classifier, lambda: network(pixel_values=batch))
    network.config.save_pretrained(folder)
    processor.save_pretrained(folder)
    return _Logits(network), batch
