from __future__ import annotations

import pytest

from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.settings import Settings


def test_the_rendered_environment() -> None:
    read = Settings.from_environment({"APPLICATION_TYPE": "body-detection", "MODEL_NAME": "yolox_nano"})
    assert (read.application_type, read.model_name) == ("body-detection", "yolox_nano")
    assert str(read.model_dir) == "/opt/ml/model"
    assert (read.workers, read.engine_threads, read.queue_limit) == (None, None, None)


def test_limits() -> None:
    assert Settings.from_environment({}).max_object_bytes == 33_554_432  # as docs/api.md says
    read = Settings.from_environment({"MAX_OBJECT_BYTES": "1000", "MAX_FRAME_PIXELS": "2000"})
    assert (read.max_object_bytes, read.max_frame_pixels) == (1000, 2000)


@pytest.mark.parametrize(
    ("application", "variable"),
    [
        ("face-detection", "OBJECT_DETECTION_MODEL_NAME"),
        ("face-comparison", "FACE_DETECTION_AND_COMPARISON_MODEL_NAME"),
    ],
)
def test_the_environment_of_earlier_versions(application: str, variable: str) -> None:
    assert Settings.from_environment({"APPLICATION_TYPE": application, variable: "m"}).model_name == "m"


@pytest.mark.parametrize(
    ("application", "name", "reported"),
    [
        ("custom", "", "custom"),
        ("custom", "yolo3_darknet53_coco", "custom"),  # the parameter's default, which an image may load nevertheless
        ("custom", "my-model", "my-model"),
        ("custom", "yolox_nano", "yolox_nano"),
        ("body-detection", "yolo3_darknet53_coco", "yolo3_darknet53_coco"),
    ],
)
def test_the_name_in_the_log(application: str, name: str, reported: str) -> None:
    read = Settings.from_environment({"APPLICATION_TYPE": application, "MODEL_NAME": name})
    assert (read.reported_model, read.model_name) == (reported, name)


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_number_that_is_none(value: str) -> None:
    with pytest.raises(ModelLoadError, match="MODEL_SERVER_WORKERS"):
        Settings.from_environment({"MODEL_SERVER_WORKERS": value})


@pytest.mark.parametrize("value", ["mnist", "mnist.py"])
def test_a_program_of_the_images_own(value: str) -> None:
    read = Settings.from_environment({"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/code", "SAGEMAKER_PROGRAM": value})
    assert (str(read.code_dir), read.program) == ("/opt/ml/code", "mnist.py")
    by_default = Settings.from_environment({})
    assert (by_default.code_dir, by_default.program) == (None, "inference.py")


def test_batches_and_tensorrt() -> None:
    read = Settings.from_environment({})
    assert (read.batch_wait_ms, read.max_batch_size, read.tensorrt) == (None, 8, False)
    read = Settings.from_environment({"BATCH_WAIT_MS": "0.5", "MAX_BATCH_SIZE": "256", "TENSORRT": "Yes"})
    assert (read.batch_wait_ms, read.max_batch_size, read.tensorrt) == (0.5, 256, True)
    assert Settings.from_environment({"BATCH_WAIT_MS": "0"}).batch_wait_ms == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BATCH_WAIT_MS", "5.1", "BATCH_WAIT_MS must be a number of milliseconds from 0 to 5, not '5.1'"),
        ("BATCH_WAIT_MS", "-1", "from 0 to 5"),
        ("BATCH_WAIT_MS", "nan", "from 0 to 5"),
        ("BATCH_WAIT_MS", "two", "from 0 to 5"),
        ("MAX_BATCH_SIZE", "0", "positive whole number"),
        ("MAX_BATCH_SIZE", "257", "MAX_BATCH_SIZE must be at most 256, not '257'"),
        ("TENSORRT", "yes", "TENSORRT must be Yes or No, not 'yes'"),
    ],
)
def test_a_setting_of_a_gpu_that_is_none(name: str, value: str, said: str) -> None:
    with pytest.raises(ModelLoadError, match=said):
        Settings.from_environment({name: value})
