from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.tiny_models import write_yolox_onnx
from workbench.benchmarking import request, variants
from workbench.benchmarking.process import VariantProcess
from workbench.benchmarking.request import Request
from workbench.benchmarking.variants import Variant
from workbench.errors import BenchmarkError, RefusedError
from workbench.measuring import processes

pytestmark = pytest.mark.processes


@pytest.fixture
def tiny(tmp_path: Path) -> Variant:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    (variant,) = variants.find(["yolox_nano"], stores=[tmp_path])
    return variant


@pytest.fixture
def sent(red_square_frame: npt.NDArray[np.uint8], tmp_path: Path) -> Request:
    path = tmp_path / "frame.png"
    cv2.imwrite(str(path), red_square_frame)
    return request.of(path, "body-detection")


def test_a_run_has_the_stages_of_the_serving_program(tiny: Variant, sent: Request) -> None:
    with VariantProcess.start(tiny, threads=1) as process:
        process.load(sent)
        run = process.run()
        assert {"decode", "preprocess", "infer", "postprocess", "whole"} <= set(run)
        assert 0 < run["infer"] < run["whole"]
        assert b'"bbox_coords": [[' in process.answer(sent)
        assert 10 < processes.peak_mib(process.pids[0]) < 2000


def test_an_answer_has_its_time_and_a_refusal_is_told_apart(tiny: Variant, sent: Request) -> None:
    with VariantProcess.start(tiny, threads=1) as process:
        process.load(sent)
        served = process.timed_answer(sent)
        assert served.body == process.answer(sent)
        assert served.processor_milliseconds > 0
        assert 0 < served.milliseconds < 10_000
        with pytest.raises(RefusedError, match="yolox_nano@onnxruntime: "):
            process.timed_answer(Request(b"no image", "image/jpeg"))
        assert process.timed_answer(sent).body == served.body  # it serves on


def test_workers_are_processes_that_serve_together_and_end_with_theirs(tiny: Variant, sent: Request) -> None:
    with VariantProcess.start(tiny, threads=1) as process:
        process.load(sent, before_fork=True)
        for _ in range(2):
            process.hire(warm_up=1)
        assert len(process.keep_busy(1, 0.05)) == 1
        served = process.keep_busy(2, 0.2)
        assert len(served) == 2
        assert all(requests > 0 and seconds >= 0.2 for requests, seconds in served)
        pids = process.pids
        assert len(set(pids)) == 3
        assert processes.together_mib(pids) < sum(processes.peak_mib(pid) for pid in pids)
    for pid in pids:
        assert not _runs(pid)


def test_a_model_that_does_not_load_says_why(tiny: Variant, sent: Request) -> None:
    tiny.parts[0].files["onnx"].write_bytes(b"no graph")
    with (
        VariantProcess.start(tiny, threads=1) as process,
        pytest.raises(BenchmarkError, match=r"yolox_nano\.onnx is not a graph that ONNX Runtime loads"),
    ):
        process.load(sent)


def test_a_frame_that_is_refused_says_why(tiny: Variant) -> None:
    with VariantProcess.start(tiny, threads=1) as process:
        process.load(Request(b"not an image", "image/jpeg"))
        with pytest.raises(BenchmarkError, match="image"):
            process.run()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    return state != "Z"
