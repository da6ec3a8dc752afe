"""The plot of the servers beside each other."""

from __future__ import annotations

from pathlib import Path

from workbench.speed import report
from workbench.speed.figures import Figure
from workbench.speed.servers_plot import draw

CASE = "yolox_nano, street frame, image/jpeg"
FASTAPI = [
    Figure(case=CASE, name="throughput / FastAPI, 1 client", value=1.25, ours="125.0 /s", theirs="100.0 /s"),
    Figure(case=CASE, name="throughput / FastAPI, 8 clients", value=1.1, ours="220.0 /s", theirs="201.0 /s"),
]


def test_every_server_that_was_measured_has_its_bars(tmp_path: Path) -> None:
    plain = Figure(case=CASE, name="p50, 1 client", value=0.2, ours="8.0 ms", theirs="41.0 ms")
    draw([plain, *FASTAPI], report.machine(), tmp_path / "servers.svg")
    drawn = (tmp_path / "servers.svg").read_text()
    assert all(f"<!-- {text} -->" in drawn for text in ("street frame: FastAPI", "41", "10", "220", "201"))
    assert "LitServe" not in drawn


def test_without_peers_there_is_nothing_to_draw(tmp_path: Path) -> None:
    draw([Figure(case="cold start", name="seconds", value=1)], report.machine(), tmp_path / "servers.svg")
    assert not list(tmp_path.iterdir())
