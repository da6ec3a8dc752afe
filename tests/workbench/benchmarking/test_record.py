from __future__ import annotations

from pathlib import Path

from workbench.benchmarking import record
from workbench.benchmarking.session import Schedule


def test_the_call_is_one_that_a_shell_takes() -> None:
    options = {"--frame": Path("my frame.jpg"), "--labels": None, "--engine": ["mxnet", "dlr"], "--repeat": 3}
    assert record.command(["a", "b@mxnet"], options) == (
        "ipc-ai benchmark a b@mxnet --frame 'my frame.jpg' --engine mxnet --engine dlr --repeat 3"
    )


def test_the_frame_can_be_recognised(photograph: Path) -> None:
    schedule = Schedule(warm_up=1, repeat=2, threads=3, workers=4, seconds=5)
    about = record.about(photograph, [], schedule)
    assert (about["frame"]["width"], about["frame"]["height"]) == (512, 512)
    assert about["frame"]["bytes"] == photograph.stat().st_size
    assert len(about["frame"]["sha256"]) == 64
    assert about["environment"]["OMP_NUM_THREADS"] == "3"
    assert about["labels"] is None
