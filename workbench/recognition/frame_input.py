"""The input of a graph that takes frames: order of its axes, and its size where it has one."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.recognition.graph_facts import GraphFacts

_COLOURS = 3


@dataclass(frozen=True)
class FrameInput:
    """The only input of a graph, which takes frames.

    Attributes:
        name: its name.
        layout: order of its axes, ``NCHW`` or ``NHWC``.
        height: in pixels; None where it may change.
        width: in pixels; None where it may change.
        batch: frames of a run; None where it may change.
    """

    name: str
    layout: str
    height: int | None
    width: int | None
    batch: int | None = 1


def of(graph: GraphFacts) -> FrameInput | None:
    """The input of a graph that takes frames of three colours and nothing else; None for any other."""
    if len(graph.inputs) != 1 or graph.frames is None or graph.frames.shape is None:
        return None
    batch, *sides = graph.frames.shape
    layout = "NHWC" if sides[2] == _COLOURS and sides[0] != _COLOURS else "NCHW"
    colours, *size = (sides[2], *sides[:2]) if layout == "NHWC" else sides
    if isinstance(colours, int) and colours != _COLOURS:
        return None
    height, width = (side if isinstance(side, int) else None for side in size)
    return FrameInput(graph.frames.name, layout, height, width, batch if isinstance(batch, int) else None)
