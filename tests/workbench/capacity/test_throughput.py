from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

import ipc_ai_catalogue as catalogue
from tests.measured_model import MEASURED
from workbench.capacity import throughput
from workbench.capacity.throughput import Measurement, Throughput
from workbench.errors import PlanError


def _estimate(
    instance: str,
    *,
    application: str = "body-detection",
    model: str = "yolox_nano",
    given: float | None = None,
    engine: str = "onnxruntime",
    measurements: tuple[Measurement, ...] = (MEASURED,),
) -> Throughput:
    return throughput.estimate(
        application=application,
        model=model,
        engines={engine},
        instance=throughput.instance_type(instance),
        given=given,
        measurements=measurements,
    )


def test_a_cpu_type_is_scaled_by_its_cores_and_says_so() -> None:
    estimate = _estimate("ml.c5.2xlarge")
    assert estimate.requests_per_second == pytest.approx(160)
    assert estimate.service_seconds == pytest.approx(0.05)
    assert estimate.kind == "scaled"
    assert "scaled from 2 cores of Some CPU" in estimate.source


def test_a_measurement_of_the_type_itself_is_taken_as_it_is() -> None:
    itself = dataclasses.replace(MEASURED, instance_type="ml.g4dn.xlarge", requests_per_second=77.0)
    estimate = _estimate("ml.g4dn.xlarge", measurements=(MEASURED, itself))
    assert (estimate.requests_per_second, estimate.kind) == (77.0, "measured")


def test_a_gpu_without_a_measurement_is_an_assumption_that_says_so() -> None:
    estimate = _estimate("ml.g4dn.xlarge")
    assert estimate.kind == "assumed"
    assert estimate.service_seconds == pytest.approx(0.02339)
    for said in ("ASSUMED, not measured", "23.39 ms", "10.05 ms", "--throughput"):
        assert said in estimate.source


def test_an_mxnet_detector_uses_the_gpu_only_in_an_image_built_for_it() -> None:
    unmeasured = _estimate("ml.g4dn.xlarge", model="yolo3_darknet53_coco", engine="mxnet")
    assert unmeasured.kind == "assumed"
    assert "only for a GPU image built with MXNET_CUDA=cu112" in unmeasured.source
    assert "MXNET_CUDA" not in _estimate("ml.g4dn.xlarge").source


@pytest.mark.parametrize("engine", ["embedded", "mxnet"])
def test_what_runs_on_the_cpu_has_one_worker_of_a_gpu_type(engine: str) -> None:
    estimate = _estimate("ml.g4dn.2xlarge", engine=engine)
    assert estimate.requests_per_second == pytest.approx(20)
    assert estimate.kind == "scaled"


def test_what_is_given_counts_before_all_else() -> None:
    estimate = _estimate("ml.m5.xlarge", given=12.5)
    assert (estimate.requests_per_second, estimate.kind) == (12.5, "given")


@pytest.mark.parametrize(
    ("instance", "application", "model", "says"),
    [
        ("ml.m5.xlarge", "body-detection", "opencv_people", "opencv_people was never measured; give --throughput"),
        ("ml.g4dn.xlarge", "face-comparison", "yunet_n+mobileface_v2", "never measured on a GPU"),
    ],
)
def test_without_any_figure_there_is_no_plan(instance: str, application: str, model: str, says: str) -> None:
    with pytest.raises(PlanError, match=says):
        _estimate(instance, application=application, model=model)


def test_a_later_measurement_replaces_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "throughput.json"
    assert throughput.read(path) == []
    throughput.write([MEASURED], path)
    later = dataclasses.replace(MEASURED, requests_per_second=50.0)
    other = dataclasses.replace(MEASURED, model="opencv_people")
    throughput.write([later, other], path)
    assert throughput.read(path) == [other, later]


def test_a_file_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "throughput.json"
    path.write_text('{"measurements": [{"model": "x"}]}')
    with pytest.raises(PlanError, match="is not a file of measurements"):
        throughput.read(path)


def test_instance_types_are_those_of_the_template(template: dict[str, Any]) -> None:
    known = throughput.instance_types()
    pattern = template["Parameters"]["deployInstanceType"]["AllowedPattern"]
    assert all(re.fullmatch(pattern, name) for name in known)
    assert next(iter(known)) == template["Parameters"]["deployInstanceType"]["Default"]
    assert {name for name, each in known.items() if each.gpu} == {name for name in known if name.startswith("ml.g")}


def test_what_is_committed_was_measured_with_models_of_the_catalogue() -> None:
    measured = throughput.read()
    choices = catalogue.load().model_choices
    for each in measured:
        assert each.model in choices(each.application)
        assert each.failed == 0
        assert each.requests_per_second == pytest.approx(each.requests / each.seconds, rel=0.01)
        assert 0 < each.milliseconds_per_frame <= 1.02 * 1000 * each.machine.cores / each.requests_per_second
    fresh = {"dlib_frontal_face", "opencv_people", "dlib_frontal_face+dlib_face_embedding"}
    assert fresh <= {each.model for each in measured}
