"""Processor time of a request to a model of each head, in turns with the plain work of that model alone."""

from __future__ import annotations

from workbench.speed import material, rounds, servers
from workbench.speed.figures import Figure
from workbench.speed.heads import networks
from workbench.speed.rounds import Case
from workbench.speed.side_by_side import Bare, Effort, ratio

_LIMIT = 1.15
_PLAIN_LOOP = "workbench.speed.heads.plain_loop"


def figures(frame: bytes, effort: Effort) -> list[Figure]:
    """Lines of the table, one a head, and one more where requests were refused."""
    return [figure for network in networks.all_kinds() for figure in _of(network, frame, effort)]


def _of(network: networks.Network, frame: bytes, effort: Effort) -> list[Figure]:
    model = network.model
    folder = network.put(material.STORE / "heads")
    bare = Bare(model.head, folder, frame, effort.seconds, module=_PLAIN_LOOP)
    case = Case([material.as_image(frame)], [bare])
    program = servers.ours(model.applications[0], model.name, folder.parent)
    rounds.measure([program], [case], rounds=effort.rounds, seconds=effort.seconds)
    (seen,) = case.seen
    name = f"head {model.head}, camera's frame, image/jpeg"
    used = ratio(name, "CPU a request / plain work", seen.processor, bare.processor, "ms", at_most=_LIMIT)
    refused = Figure(case=name, name="refused requests", value=seen.refused, unit="", sign="<=", target=0)
    return [used, refused] if seen.refused else [used]
