"""Archives are really made, and served as by the endpoint; S3 is moto's."""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import boto3
import joblib
import numpy as np
import pytest
from moto import mock_aws
from sklearn.linear_model import LogisticRegression

from tests import table_graphs
from tests.onnx_graphs import write_graph, write_yolox, write_yunet
from tests.saved_models import saved_model
from tests.tiny_models import write_ultralytics_onnx
from workbench import places
from workbench.errors import AccountError, PackageError
from workbench.verbs import package

pytestmark = pytest.mark.processes

REGION: Final = "eu-west-1"
BUCKET = "the-models"
_ROWS = "[[0.0, 0.0], [3.0, 3.0]]"
_LOADS = """\
import os
import pickle


class Line:
    def __init__(self, weights):
        self.weights = weights

    def predict(self, rows):
        return (rows @ self.weights > 3).astype(int)


def model_fn(model_dir):
    with open(os.path.join(model_dir, "model.pkl"), "rb") as file:
        return Line(pickle.load(file))
"""
_LOADS_JOBLIB = """\
import os

import joblib


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))
"""
_FRAME_SIZE = """\
import json

from ipc_ai_serving.frames import read_frames


def model_fn(model_dir):
    return None


def input_fn(body, content_type):
    return read_frames(body, content_type)


def predict_fn(frame, model):
    return {"shape": frame.shape}


def output_fn(prediction, accept):
    return json.dumps(prediction)
"""


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    """Folder with a model of two numbers that needs NumPy alone, and rows.json beside it."""
    folder = tmp_path / "classifier"
    (folder / "code").mkdir(parents=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(np.array([1.0, 1.0])))
    (folder / "code/inference.py").write_text(_LOADS)
    (tmp_path / "rows.json").write_text(_ROWS)
    return folder


@pytest.fixture
def of_scikit_learn(tmp_path: Path) -> Path:
    """Folder with a scikit-learn model of two numbers, and rows.json beside it."""
    folder = tmp_path / "regression"
    (folder / "code").mkdir(parents=True)
    model = LogisticRegression().fit(np.array([[0, 0], [1, 1], [2, 2], [3, 3]], float), [0, 0, 1, 1])
    joblib.dump(model, folder / "model.joblib")
    (folder / "code/inference.py").write_text(_LOADS_JOBLIB)
    (tmp_path / "rows.json").write_text(_ROWS)
    return folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of temporary files, empty so far."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Folder with a program that needs no weights."""
    folder = tmp_path / "size"
    (folder / "code").mkdir(parents=True)
    (folder / "code/inference.py").write_text(_FRAME_SIZE)
    return folder


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield BUCKET


def _package(source: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    package.add_arguments(parser)
    output = ["--output", str(source.parent / "model.tar.gz")]
    return package.run(parser.parse_args([str(source), *output, *words]))


def test_a_model_is_packed_and_answers_a_sample(classifier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _package(classifier, "--sample", str(classifier.parent / "rows.json"), "--json") == 0
    made = json.loads(capsys.readouterr().out)
    archive = classifier.parent / "model.tar.gz"
    assert made["framework"] == "sklearn"
    assert made["trial"]["answer"] == "[0, 1]"
    assert made["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert made["parameters"] == {"applicationType": "custom", "detectorModelName": "classifier"}
    with tarfile.open(archive) as packed:
        assert packed.getnames() == made["files"] == ["code/inference.py", "model.pkl"]


def test_another_archive_is_packed_anew(classifier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tarfile.open(classifier.parent / "foreign.tar.gz", "w:gz") as foreign:
        foreign.add(classifier, ".")
    _package(classifier, "--no-trial", "--json")
    of_folder = json.loads(capsys.readouterr().out)["sha256"]
    _package(classifier.parent / "foreign.tar.gz", "--no-trial", "--json")
    assert json.loads(capsys.readouterr().out)["sha256"] == of_folder


def test_what_is_wrong_in_another_archive_is_said_of_the_archive(tmp_path: Path) -> None:
    """Messages name files as they are in the archive; there is no folder to put anything into."""
    (tmp_path / "net.pth").write_text("x")
    foreign = tmp_path / "foreign.tar.gz"
    with tarfile.open(foreign, "w:gz") as archive:
        archive.add(tmp_path / "net.pth", "net.pth")
    with pytest.raises(PackageError, match=r"pytorch; put it into code, or name it with --inference FILE$"):
        _package(foreign, "--no-trial")


def test_an_empty_program_serves_what_mxnet_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Layout of a test of SageMaker's MXNet toolkit; its default hooks load the weights."""
    import mxnet

    folder = tmp_path / "line"
    (folder / "code").mkdir(parents=True)
    (folder / "code/empty_module.py").write_text("")
    mxnet.sym.FullyConnected(mxnet.sym.Variable("data"), num_hidden=1, name="layer").save(
        str(folder / "model-symbol.json")
    )
    weights = {"arg:layer_weight": mxnet.nd.array([[1, 2]]), "arg:layer_bias": mxnet.nd.array([0.5])}
    mxnet.nd.save(str(folder / "model-0000.params"), weights)
    (folder / "model-shapes.json").write_text(json.dumps([{"name": "data", "shape": [1, 2]}]))
    (tmp_path / "rows.json").write_text("[[1, 2], [2, 0]]")
    assert _package(folder, "--sample", str(tmp_path / "rows.json"), "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["framework"] == "mxnet"
    assert made["moved"] == [{"from": "code/empty_module.py", "to": "code/inference.py"}]
    assert made["trial"]["answer"] == "[[5.5], [2.5]]"


def test_a_frame_is_the_sample_where_none_is_named(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _package(program) == 0
    said = capsys.readouterr().out
    assert "a program of your own, told by code/inference.py" in said
    assert "served      application/json in " in said
    assert '{"shape": [512, 512, 3]}' in said
    words = "ipc-ai up --parameters applicationType=custom detectorModelName=size"
    assert f"{words} modelDataUrl={program.parent / 'model.tar.gz'}" in said


def test_a_sample_with_a_content_type(program: Path) -> None:
    with pytest.raises(PackageError, match=r"does not answer the sample: 415 .*'text/weird'"):
        _package(program, "--sample", __file__, "--content-type", "text/weird")


def test_a_model_that_takes_no_photograph_asks_for_a_sample(classifier: Path) -> None:
    with pytest.raises(
        PackageError, match=r"the photograph that is sent where no sample is named: 400 .*--sample FILE"
    ):
        _package(classifier)
    assert not (classifier.parent / "model.tar.gz").exists()


def test_a_program_that_does_not_load_leaves_no_archive(classifier: Path) -> None:
    (classifier / "model.pkl").unlink()
    (classifier / "other.pkl").write_text("x")
    with pytest.raises(PackageError, match=r"model.tar.gz does not serve: .*No such file.*model.pkl"):
        _package(classifier)
    assert not (classifier.parent / "model.tar.gz").exists()


def test_a_trial_that_fails_names_its_log_and_one_that_succeeds_leaves_none(program: Path) -> None:
    log = program.parent / "model.log"
    good = (program / "code/inference.py").read_text()
    (program / "code/inference.py").write_text(f"{good}\nraise RuntimeError('at the gate')\n")
    with pytest.raises(PackageError, match=rf"^{log} has the log; model.tar.gz does not serve: .*at the gate"):
        _package(program)
    assert "RuntimeError: at the gate" in log.read_text()
    (program / "code/inference.py").write_text(good)
    assert _package(program) == 0
    assert not log.exists()


def test_an_archive_is_uploaded_with_its_sha256(
    classifier: Path, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _package(classifier, "--no-trial", "--json", "--upload", f"s3://{bucket}/team/net.tar.gz") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["modelDataUrl"] == made["parameters"]["modelDataUrl"] == f"s3://{bucket}/team/net.tar.gz"
    stored = boto3.client("s3").get_object(Bucket=bucket, Key="team/net.tar.gz")
    assert stored["Metadata"] == {"sha256": made["sha256"]}
    assert stored["Body"].read() == (classifier.parent / "model.tar.gz").read_bytes()


def test_after_a_slash_the_key_is_of_the_content(
    classifier: Path, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # the second finds the first
        _package(classifier, "--no-trial", "--json", "--upload", f"s3://{bucket}/gate/")
        made = json.loads(capsys.readouterr().out)
        assert made["modelDataUrl"] == f"s3://{bucket}/gate/{made['sha256']}/model.tar.gz"
    (classifier / "code/inference.py").write_text(_LOADS + "\n")
    _package(classifier, "--no-trial", "--json", "--upload", f"s3://{bucket}/gate/")
    listed = boto3.client("s3").list_objects_v2(Bucket=bucket)
    assert listed["KeyCount"] == 2


def test_what_does_not_serve_is_not_uploaded(classifier: Path, bucket: str) -> None:
    with pytest.raises(PackageError, match="--sample"):
        _package(classifier, "--upload", f"s3://{bucket}/net.tar.gz")
    assert boto3.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--upload", "models/net.tar.gz"], "'models/net.tar.gz' is not s3://BUCKET/KEY; write for example"),
        (["--output", "net.zip"], "net.zip is no name for a model.tar.gz; let it end in .tar.gz"),
        (["--framework-version", "1.2-1"], "--framework-version chooses a Deep Learning Container; add --image dlc"),
        (["--image", "dlc", "--region", "eu-west-1"], "SAGEMAKER_PROGRAM names, .* the stack sets none; leave --image"),
    ],
)
def test_a_mistake_is_said_before_the_trial(classifier: Path, words: list[str], says: str) -> None:
    with pytest.raises(PackageError, match=says):
        _package(classifier, *words)


def test_a_refused_image_leaves_no_archive(classifier: Path, tmp_path: Path) -> None:
    output = tmp_path / "refused.tar.gz"
    with pytest.raises(PackageError, match="SAGEMAKER_PROGRAM"):
        _package(classifier, "--image", "dlc", "--output", str(output))
    assert not output.exists()


def test_a_bucket_that_is_not_there(classifier: Path, bucket: str) -> None:
    with pytest.raises(AccountError, match=r"The specified bucket does not exist \(NoSuchBucket\)"):
        _package(classifier, "--no-trial", "--upload", "s3://another-bucket/net.tar.gz")


def test_tensorflow_gets_awss_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(saved_model())
    words = ["--region", "cn-north-1", "--instance", "ml.c5.xlarge", "--framework-version", "2.19"]
    assert _package(folder, *words) == 0
    said = capsys.readouterr().out
    assert "moved       saved_model.pb to 1/saved_model.pb" in said
    image = "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/tensorflow-inference:2.19.0-cpu"
    assert f"served      not tried here: the image that will serve it, {image}, does not run here" in said
    assert f"image       {image}" in said
    with pytest.raises(PackageError, match="has no tensorflow; leave --image out, or say --image dlc"):
        _package(folder, "--image", "built")


def test_what_is_not_tried_here_says_so_and_no_more(classifier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _package(classifier, "--no-trial")
    assert "served      not tried here: --no-trial" in capsys.readouterr().out.splitlines()
    words = ["--framework", "pytorch", "--image", "dlc", "--region", "eu-west-1"]
    (classifier / "model.pth").write_text("x")
    assert _package(classifier, *words, "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["trial"] is None
    assert made["notTriedHere"].startswith("the image that will serve it, 763104351884.dkr.ecr.eu-west-1.amazonaws")


def test_a_module_that_the_image_lacks_is_named_with_its_line(of_scikit_learn: Path, temporary: Path) -> None:
    """The environment of the tests has it, and the image's does not."""
    with pytest.raises(PackageError, match=r"No module named 'joblib'; .* add 'scikit-learn==[\d.]+' .* to code/requi"):
        _package(of_scikit_learn, "--sample", str(of_scikit_learn.parent / "rows.json"))
    assert list(temporary.iterdir()) == []


def test_a_program_that_answers_its_first_request_alone_is_refused(program: Path) -> None:
    (program / "code/inference.py").write_text(
        "calls = []\n"
        + _FRAME_SIZE.replace('    return {"shape', '    calls.append(1)\n    1 / (len(calls) < 3)\n    return {"shape')
    )
    with pytest.raises(PackageError, match="answers the first request, and 6 of 7 more, up to 4 at once, get 502 "):
        _package(program)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("open(model_dir + '/cache.txt', 'w')", "writes cache.txt into /opt/ml/model, the model's folder"),
        ("os.makedirs(model_dir + '/cache/a')", "writes cache into /opt/ml/model, the model's folder"),
        ("open(model_dir + '/code/inference.py', 'a').write('#')", "writes code/inference.py into /opt/ml/model"),
        ("os.remove(model_dir + '/code/inference.py')", "writes code/inference.py into /opt/ml/model"),
        ("open('leak.txt', 'w')", r"writes leak.txt into the folder that it runs in|Permission denied: 'leak.txt'"),
        ("os.makedirs('a/b')", r"writes a into the folder that it runs in|Permission denied: 'a'"),
        ("os.makedirs(os.path.expanduser('~/.cache/torch'))", "Not a directory: .*/home-that-the-container-lacks/"),
    ],
)
def test_a_program_that_writes_where_the_container_refuses_is_refused(
    program: Path, temporary: Path, statement: str, says: str
) -> None:
    """Also on a machine where the developer is root, whom modes do not bind."""
    before = sorted(places.SERVING_PROGRAM.iterdir())
    (program / "code/inference.py").write_text(f"import os\n{_FRAME_SIZE.replace('return None', statement)}")
    with pytest.raises(PackageError, match=says):
        _package(program)
    assert sorted(places.SERVING_PROGRAM.iterdir()) == before
    assert not list(temporary.iterdir())


def test_a_program_may_write_temporary_files(program: Path) -> None:
    writes = "import tempfile; open(tempfile.gettempdir() + '/a', 'w'); tempfile.mkdtemp()"
    (program / "code/inference.py").write_text(_FRAME_SIZE.replace("return None", writes))
    assert _package(program) == 0


def test_a_package_that_there_is_not_is_named_in_one_line(program: Path) -> None:
    (program / "code/requirements.txt").write_text("--no-index\nscikit-lern==99\n")
    with pytest.raises(PackageError, match=r"requirements.txt: No matching distribution found for scikit-lern==99$"):
        _package(program)


def test_a_module_that_is_missing_while_answering_is_named(program: Path) -> None:
    (program / "code/inference.py").write_text(
        _FRAME_SIZE.replace('    return {"shape', '    import skimage\n\n    return {"shape')
    )
    with pytest.raises(
        PackageError, match=r"502 .*No module named 'skimage'; .* add 'scikit-image==[\d.]+' .* to code/requirem"
    ):
        _package(program)


@pytest.mark.slow
def test_packages_of_the_model_are_installed_as_by_the_image(
    of_scikit_learn: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (of_scikit_learn / "code/requirements.txt").write_text("numpy==1.23.5\nscikit-learn==1.5.2\n")
    assert _package(of_scikit_learn, "--sample", str(of_scikit_learn.parent / "rows.json"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["trial"]["answer"] == "[0, 1]"
    assert list(temporary.iterdir()) == []


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Outputs as of an Ultralytics export, (1, 4 + classes, cells) with boxes in pixels, under the head of YOLOX."""
    folder = tmp_path / "yolo"
    write_ultralytics_onnx(folder / "net.onnx")
    described = {
        **json.loads((places.CATALOGUE / "models.json").read_text())["models"]["yolox_nano"],
        "name": "yolo",
        "files": {"any": [{"name": "net.onnx", "role": "onnx"}]},
    }
    (folder / "model.json").write_text(json.dumps(described))
    with pytest.raises(PackageError, match=r"\(1, 84, 3549\), not \(1, 3549, any\); the head 'yolox' reads one output"):
        _package(folder)


def test_weights_of_a_built_in_application(testdata: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("body_detector_yolox_nano-symbol.json", "body_detector_yolox_nano-0000.params"):
        (folder / name).symlink_to(testdata / "models/mxnet" / name)
    assert _package(folder, "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["parameters"] == {"applicationType": "body-detection", "detectorModelName": "yolox_nano"}
    assert json.loads(made["trial"]["answer"])["width"] == 512


def test_a_model_of_tables_is_tried_with_a_row_that_it_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    assert _package(tmp_path / "fraud.onnx", "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["parameters"] == {"applicationType": "custom", "detectorModelName": "fraud"}
    assert made["table"]["row"] == {"age": 0, "income": 0, "city": "Bonn", "is_member": False}
    assert json.loads(made["trial"]["answer"])["output_label"] == ["no"]
    (tmp_path / "rows.csv").write_text("age,income,city,is_member\n61,1,Paris,true\n")
    with pytest.raises(
        PackageError, match="the model does not answer the sample: 400 the model refuses a value of the"
    ):
        _package(tmp_path / "fraud.onnx", "--sample", str(tmp_path / "rows.csv"))


@pytest.mark.parametrize("form", ["file", "folder", "archive"])
def test_a_bare_graph_is_recognised_packed_with_its_weights_and_answers(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_yolox(tmp_path / "gate/onnx/model.onnx", side=96, classes=2, data="model.onnx_data")
    (tmp_path / "gate/onnx/labels.txt").write_text("person\ncar\n")
    (tmp_path / "gate/readme.md").write_text("not packed")
    with tarfile.open(tmp_path / "gate.tgz", "w:gz") as archive:
        archive.add(tmp_path / "gate", ".")
    source = {"file": "gate/onnx/model.onnx", "folder": "gate", "archive": "gate.tgz"}[form]
    assert _package(tmp_path / source, "--json", "--output", str(tmp_path / "made.tar.gz")) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["files"] == ["model.json", "model.onnx", "model.onnx_data"]
    assert made["parameters"] == {"applicationType": "object-detection", "detectorModelName": "gate"}
    (recognised,) = made["recognised"]
    assert (recognised["head"], recognised["classes"]) == ("yolox", ["person", "car"])
    assert "labels.txt names its 2 classes" in recognised["because"]
    answer = json.loads(made["trial"]["answer"])
    assert (answer["bbox_labels"], answer["bbox_scores"]) == (["person"], [[0.9]])


def test_an_application_of_several_is_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_yolox(tmp_path / "gate.onnx", side=96)
    assert _package(tmp_path / "gate.onnx", "--application", "body-detection") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "application body-detection with gate" in lines
    assert "recognised  gate: YOLOX, 96 x 96, read by the head yolox" in lines
    assert any(line.startswith("because     80 classes, whose names are taken to be those of coco") for line in lines)


def test_what_describes_a_graph_wins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program serves a bare graph, too, and a model.json is never recognised anew."""
    write_yunet(tmp_path / "own/net.onnx")
    (tmp_path / "inference.py").write_text(_FRAME_SIZE)
    assert _package(tmp_path / "own/net.onnx", "--inference", str(tmp_path / "inference.py"), "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["recognised"], made["parameters"]["applicationType"]) == ([], "custom")
    (tmp_path / "own/model.json").write_text("{}")
    with pytest.raises(PackageError, match="does not describe a model"):
        _package(tmp_path / "own")
    with pytest.raises(PackageError, match=r"--head is for an \.onnx file that nothing describes"):
        _package(tmp_path / "own", "--head", "yunet")


def test_a_pair_of_bare_graphs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_yunet(tmp_path / "faces.onnx")
    write_graph(tmp_path / "own/model.onnx", inputs={"data": (1, 3, 112, 112)}, outputs={"fc1": np.ones((1, 64))})
    pair = Path(f"{tmp_path}/faces.onnx+{tmp_path}/own/model.onnx")
    assert _package(pair, "--output", str(tmp_path / "pair.tar.gz"), "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["files"] == ["faces/faces.onnx", "faces/model.json", "own/model.json", "own/model.onnx"]
    assert made["parameters"]["faceDetectAndCompareModelName"] == "faces+own"
    assert [each["head"] for each in made["recognised"]] == ["yunet", "arcface"]
