from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from workbench.speed import material
from workbench.speed.heads import networks, requests
from workbench.speed.side_by_side import Effort


@pytest.mark.processes
def test_a_service_is_measured_beside_plain_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One small network, really served: a line with both times and the limit, and none of refused requests."""
    small = next(each for each in networks.all_kinds() if each.model.head == "boxes")
    monkeypatch.setattr(networks, "all_kinds", lambda: [dataclasses.replace(small, blocks=0)])
    monkeypatch.setattr(material, "STORE", tmp_path)
    frame = cv2.imencode(".jpg", np.zeros((200, 300, 3), np.uint8))[1].tobytes()
    (figure,) = requests.figures(frame, Effort(rounds=1, seconds=0.3))
    assert figure.case == "head boxes, camera's frame, image/jpeg"
    assert (figure.sign, figure.target) == ("<=", 1.15)
    assert figure.ours.endswith(" ms")
    assert figure.theirs.endswith(" ms")
    assert figure.value > 0
    assert len(figure.rounds) == 2  # each round measures twice
