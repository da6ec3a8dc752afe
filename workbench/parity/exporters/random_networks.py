"""Random networks that answer something: activations with the statistics of real frames, and scores that differ.

A fresh network's scores are all alike, so that any decoder would seem right or none could be told from another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

_HIGHEST, _EDGE = 2.2, -1.5
"""Logits of the best score, 0.9, and of one that is just answered, 0.18."""


def settle(model: Any, run: Callable[[], Any]) -> None:
    """Give all batch normalisations the statistics of the frames that ``run`` sends through ``model``."""
    model.eval()
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.train()
        norm.momentum = None
    with torch.no_grad():
        run()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.eval()
        norm.momentum = momentum


def sharpen(model: Any, names: Iterable[str], factor: float = 4.0) -> None:
    """Multiply projections of attention, so that each query reads another part of the frame."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("weight") and any(part in name for part in names):
                weight.mul_(factor)


def spread(layers: Iterable[Any], run: Callable[[], Any], *, share: float) -> None:
    """Rescale last layers, so that the best logit of each is 2.2 and ``share`` of all lie above -1.5."""
    for layer, values in _seen(layers, run):
        mean, deviation = _moments(values)
        ordered = torch.sort(((values - mean[:, None]) / deviation[:, None]).flatten()).values
        best, edge = float(ordered[-1]), float(ordered[int(len(ordered) * (1 - share))])
        factor = (_HIGHEST - _EDGE) / max(best - edge, 1e-3)
        _rescale(layer, mean, factor / deviation, _HIGHEST - factor * best)


def normalise(layers: Iterable[Any], run: Callable[[], Any], *, mean: float, deviation: float) -> None:
    """Rescale last layers to a mean and deviation."""
    for layer, values in _seen(layers, run):
        old_mean, old_deviation = _moments(values)
        _rescale(layer, old_mean, deviation / old_deviation, mean)


def tell_apart(layer: Any, run: Callable[[], Any]) -> None:
    """Rescale a classifier's last layer, so that scores of classes differ: by the frame, and by the class."""
    normalise([layer], run, mean=0.0, deviation=2.0)
    with torch.no_grad():
        layer.bias.add_(torch.randn(layer.bias.shape) * 2)


def _seen(layers: Iterable[Any], run: Callable[[], Any]) -> list[tuple[Any, torch.Tensor]]:
    """Outputs of layers while ``run`` runs, (outputs, positions) each; shared layers once."""
    found: dict[int, list[torch.Tensor]] = {}
    unique = list({id(layer): layer for layer in layers}.values())

    def note(layer: Any, _inputs: Any, output: torch.Tensor) -> None:
        flat = output.transpose(0, 1).flatten(1) if isinstance(layer, nn.Conv2d) else output.flatten(0, -2).T
        found.setdefault(id(layer), []).append(flat)

    hooks = [layer.register_forward_hook(note) for layer in unique]
    with torch.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    return [(layer, torch.cat(found[id(layer)], 1)) for layer in unique if id(layer) in found]


def _moments(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return values.mean(1), values.std(1).clamp_min(1e-6)


def _rescale(layer: Any, mean: torch.Tensor, factor: torch.Tensor, offset: float) -> None:
    with torch.no_grad():
        layer.weight.mul_(factor.view(-1, *[1] * (layer.weight.dim() - 1)))
        layer.bias.copy_((layer.bias - mean) * factor + offset)
