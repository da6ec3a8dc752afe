"""A served model with an open batch: answers of requests that were computed together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from tests.served_program import serving
from tests.tensorrt_fakes import batched_model

pytestmark = pytest.mark.processes

_COLOURS = {"red": (0, 0, 255), "green": (0, 255, 0), "blue": (255, 0, 0)}


def test_every_client_gets_the_answer_for_its_own_frame(tmp_path: Path) -> None:
    batched_model(tmp_path / "colours")
    frames = {
        name: cv2.imencode(".png", np.full((80, 90, 3), colour, np.uint8))[1].tobytes()
        for name, colour in _COLOURS.items()
    }
    with serving(
        tmp_path,
        APPLICATION_TYPE="image-classification",
        MODEL_NAME="colours",
        MODEL_SERVER_WORKERS="1",
        OMP_NUM_THREADS="1",
        BATCH_WAIT_MS="5",
        TENSORRT="Yes",
    ) as program:
        program.wait_until(200)

        def client(name: str) -> set[str]:
            with httpx.Client(base_url=program.url, timeout=60) as http:
                answers = [
                    http.post("/invocations", content=frames[name], headers={"Content-Type": "image/png"})
                    for _ in range(20)
                ]
            return {answer.json()["labels"][0] if answer.status_code == 200 else answer.text for answer in answers}

        names = list(_COLOURS) * 3
        with ThreadPoolExecutor(len(names)) as clients:
            assert list(clients.map(client, names)) == [{name} for name in names]
        text = program.log.read_text()
    assert "no batches are formed" not in text
    assert "colours.onnx runs without TensorRT" in text
