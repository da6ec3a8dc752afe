"""Compilation by SageMaker Neo: the job runs in moto, which ends it at once; the tests write Neo's results."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

import ipc_ai_catalogue as catalogue
from ipc_ai_serving.model_folder import find
from tests.tiny_models import write_older_layout, write_yolox_onnx
from workbench.compilers.neo import command as neo_compile
from workbench.compilers.neo import job as neo_job
from workbench.deployment.account import Account
from workbench.errors import NeoError
from workbench.verbs import compile as compile_verb

BUCKET = "models"
REGION: Final = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/neo"
YOLO = "yolo3_mobilenet1.0_coco"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def _onnx(folder: Path, *, opset: int = 12, ir_version: int = 7, domain: str = "") -> Path:
    """Writes a tiny yolox_nano in the opset of an exporter of that time."""
    import onnx

    path = folder / "yolox_nano.onnx"
    write_yolox_onnx(path)
    model = onnx.load(str(path))
    model.ir_version = ir_version
    model.opset_import[0].version = opset
    if domain:
        model.graph.node[0].domain = domain
    onnx.save(model, str(path))
    return folder


def _mxnet(folder: Path, *, version: int = 10800) -> Path:
    """Writes a tiny yolo3_mobilenet1.0_coco for face detection in the format of that MXNet version."""
    write_older_layout(folder, f"face_detector_{YOLO}")
    symbol = folder / f"face_detector_{YOLO}-symbol.json"
    document = json.loads(symbol.read_text())
    document["attrs"]["mxnet_version"] = ["int", version]
    symbol.write_text(json.dumps(document))
    return folder


def _torchscript(folder: Path, *, program: bool = True) -> Path:
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "quality.pt", "w") as archive:
        archive.writestr("quality/code/__torch__.py" if program else "quality/data/0", "")
    return folder


def _run(model: Path | str, *words: str, store: Path) -> int:
    parser = argparse.ArgumentParser()
    compile_verb.add_arguments(parser)
    given = [str(model), "--target", "neo", "--output", f"s3://{BUCKET}/neo", *words]
    return neo_compile.run(parser.parse_args(given), store=store)


def _asked(capsys: pytest.CaptureFixture[str], model: Path | str, *words: str, store: Path) -> dict[str, Any]:
    assert _run(model, *words, "--dry-run", store=store) == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def _neo_writes(job: str, *names: str, folder: str = "output") -> None:
    """Writes the result of a job: one archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = len(name)
            archive.addfile(entry, io.BytesIO(name.encode()))
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"neo/{job}/{folder}/model-ml_c5.tar.gz", Body=packed.getvalue())


def _started(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().out
    assert said.startswith("started ")
    return said.split()[1].rstrip(";")


def test_a_model_goes_to_neo_and_comes_back_as_a_folder(
    aws: None, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _mxnet(store / YOLO)
    words = ["--target-device", "ml_c5", "--input-shape", "1,3,416,624", "--role", ROLE]
    assert _run(YOLO, *words, "--no-wait", store=store) == 0
    job = _started(capsys)
    described = boto3.client("sagemaker").describe_compilation_job(CompilationJobName=job)
    assert described["RoleArn"] == ROLE
    assert described["InputConfig"] == {
        "S3Uri": f"s3://{BUCKET}/neo/{job}/input/model.tar.gz",
        "DataInputConfig": '{"data": [1, 3, 416, 624]}',
        "Framework": "MXNET",
    }
    assert described["OutputConfig"] == {
        "S3OutputLocation": f"s3://{BUCKET}/neo/{job}/output/",
        "TargetDevice": "ml_c5",
    }
    body = boto3.client("s3").get_object(Bucket=BUCKET, Key=f"neo/{job}/input/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert archive.getnames() == [f"face_detector_{YOLO}-0000.params", f"face_detector_{YOLO}-symbol.json"]

    _neo_writes(job, "compiled.so", "compiled.params", "compiled_model.json", "compiled.meta", "libdlr.so")
    into = tmp_path / "compiled"
    assert _run(YOLO, *words, "--job", job, "--into", str(into), store=store) == 0
    assert "serve it with the engine dlr" in capsys.readouterr().out
    found = find(YOLO, "face-detection", model_dir=into, model_store=store, catalogue=catalogue.load())
    assert (found.model.engine, found.model.applications) == ("dlr", ("face-detection",))
    assert found.files["library"] == into / "compiled/compiled.so"
    neo = json.loads(found.files["neo"].read_text())
    assert (neo["device"], neo["shape"], len(neo["outputs"])) == ("cpu", [1, 3, 416, 624], 3)
    spec = found.model.input
    assert (spec.resize, spec.size, spec.max_long_side) == ("short-side", 416, 624)
    (into / "compiled/compiled.params").unlink()
    with pytest.raises(Exception, match=r"lacks compiled\.params"):
        find(YOLO, "face-detection", model_dir=into, model_store=store, catalogue=catalogue.load())


def test_it_waits_for_the_result(aws: None, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finished job without a result is an error, and so is one with two results."""
    _onnx(store / "yolox_nano")
    words = ["--target-device", "ml.c5", "--role", ROLE, "--into", str(tmp_path / "into")]
    with pytest.raises(NeoError, match="holds 0 archives, where the job's one result should be"):
        _run("yolox_nano", *words, store=store)
    job = _started(capsys)
    _neo_writes(job, "compiled.so")
    _neo_writes(job, "compiled.so", folder="output/more")
    with pytest.raises(NeoError, match="holds 2 archives"):
        _run("yolox_nano", *words, "--job", job, store=store)


class _Sagemaker:
    """Client with a slow job and a chosen end, because moto's job succeeds at once."""

    def __init__(self, *statuses: str) -> None:
        self._statuses = iter(statuses)

    def client(self, service: str) -> _Sagemaker:
        return self

    def describe_compilation_job(self, **asked: str) -> dict[str, str]:
        return {"CompilationJobStatus": next(self._statuses), "FailureReason": "ClientError: operator not supported"}


def test_the_wait_and_its_end() -> None:
    slept: list[float] = []
    running = _Sagemaker("STARTING", "INPROGRESS", "INPROGRESS", "COMPLETED")
    console = Console(file=io.StringIO())
    neo_job.wait(running, "job", console, sleep=slept.append)  # type: ignore[arg-type]
    assert slept == [10.0] * 3
    failing = _Sagemaker("INPROGRESS", "FAILED")
    with pytest.raises(NeoError, match="the job job ended as FAILED: ClientError: operator not supported"):
        neo_job.wait(failing, "job", console, sleep=slept.append)  # type: ignore[arg-type]


def test_what_dlr_does_not_run_is_kept_without_a_description(
    aws: None, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = _torchscript(tmp_path / "quality")
    words = ["--target-device", "ml_c5", "--framework-version", "2.0", "--input-shape", "input0=1,3,224,224"]
    _run(model, *words, "--role", ROLE, "--no-wait", store=store)
    job = _started(capsys)
    asked = boto3.client("sagemaker").describe_compilation_job(CompilationJobName=job)["InputConfig"]
    assert (asked["Framework"], asked["FrameworkVersion"]) == ("PYTORCH", "2.0")
    assert asked["DataInputConfig"] == '{"input0": [1, 3, 224, 224]}'
    _neo_writes(job, "model.pt")
    _run(model, *words, "--job", job, "--into", str(tmp_path / "into"), store=store)
    assert "Neo's own image for it is InferenceImage" in capsys.readouterr().out
    assert not (tmp_path / "into/model.json").exists()
    assert (tmp_path / "into/compiled/model.pt").is_file()


@pytest.mark.slow
def test_a_folder_that_holds_something_else_stays(
    aws: None, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _onnx(store / "yolox_nano")
    words = ["--target-device", "ml_c5", "--role", ROLE]
    _run("yolox_nano", *words, "--no-wait", store=store)
    job = _started(capsys)
    _neo_writes(job, "compiled.so")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("dear")
    with pytest.raises(NeoError, match="is there and holds something else; name another folder with --into"):
        _run("yolox_nano", *words, "--job", job, "--into", str(tmp_path / "mine"), store=store)
    assert (tmp_path / "mine/letter.txt").read_text() == "dear"
    for _ in range(2):  # the second run replaces the first result
        assert _run("yolox_nano", *words, "--job", job, "--into", str(tmp_path / "new"), store=store) == 0


def test_a_result_never_writes_outside_its_folder(
    aws: None, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _onnx(store / "yolox_nano")
    words = ["--target-device", "ml_c5", "--role", ROLE]
    _run("yolox_nano", *words, "--no-wait", store=store)
    job = _started(capsys)
    _neo_writes(job, "compiled.so", "../../../outside.txt")
    with pytest.raises(NeoError, match="no archive that can be unpacked"):
        _run("yolox_nano", *words, "--job", job, "--into", str(tmp_path / "a/b/into"), store=store)
    assert not list(tmp_path.rglob("outside.txt"))


def test_a_dry_run_starts_nothing(aws: None, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _onnx(store / "yolox_nano")
    options = '{"gpu-code": "sm_75", "trt-ver": "7.0.0", "cuda-ver": "10.1"}'
    words = ["--target-os", "linux", "--target-arch", "x86_64", "--target-accelerator", "nvidia"]
    asked = _asked(capsys, "yolox_nano", *words, "--compiler-options", options, store=store)
    assert asked["archive"] == ["yolox_nano.onnx"]
    job = asked["create_compilation_job"]
    assert job["OutputConfig"]["TargetPlatform"] == {"Os": "LINUX", "Arch": "X86_64", "Accelerator": "NVIDIA"}
    assert json.loads(job["OutputConfig"]["CompilerOptions"]) == json.loads(options)
    assert job["InputConfig"]["DataInputConfig"] == '{"images": [1, 3, 416, 416]}'
    assert boto3.client("sagemaker").list_compilation_jobs()["CompilationJobSummaries"] == []
    assert boto3.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_names_of_jobs_are_new_and_never_too_long() -> None:
    names = {neo_job.new_name("a_very.long name of a model" * 3, "linux-x86-64-nvidia") for _ in range(20)}
    assert len(names) == 20
    shape = Account(profile=None, region=REGION).client("sagemaker").meta.service_model.shape_for("EntityName")
    for name in names:
        assert len(name) <= shape.metadata["max"]
        assert all(part.isalnum() for part in name.split("-"))


def test_the_archive_has_the_same_bytes_for_the_same_files(tmp_path: Path) -> None:
    files = sorted(_mxnet(tmp_path / "model").iterdir())
    neo_job.pack(files, tmp_path / "one.tar.gz")
    for path in files:
        os.utime(path, (1, 1))
    neo_job.pack(reversed(files), tmp_path / "two.tar.gz")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()


@pytest.mark.parametrize(
    ("made", "words", "says"),
    [
        (lambda at: _mxnet(at, version=10901), [], r"saved by MXNet 1\.9\.1, and Neo takes 1\.8\.0 or earlier"),
        (lambda at: _mxnet(at), ["--framework-version", "1.9"], r"saved by MXNet 1\.9, and Neo takes"),
        (lambda at: _mxnet(at), ["--framework-version", "new"], "'new' is no version"),
        (lambda at: _onnx(at, opset=13), [], "has opset 13 and IR version 7, and Neo takes ONNX 1.7 or earlier"),
        (lambda at: _onnx(at, ir_version=8), [], "has opset 12 and IR version 8"),
        (lambda at: _onnx(at, domain="com.microsoft"), [], "has operators of com.microsoft"),
        (_torchscript, [], r"name that with --framework-version: 1\.4, .*2\.0"),
        (_torchscript, ["--framework-version", "2.1.0"], r"does not take models of PyTorch 2\.1\.0 for instances"),
        (
            lambda at: _torchscript(at, program=False),
            ["--framework-version", "2.0"],
            r"holds no program, perhaps weights alone; save it with torch\.jit\.trace",
        ),
    ],
)
def test_versions_that_neo_does_not_take(
    aws: None, store: Path, tmp_path: Path, made: Any, words: list[str], says: str
) -> None:
    with pytest.raises(NeoError, match=says):
        _run(made(tmp_path / "model"), "--target-device", "ml_c5", "--role", ROLE, *words, store=store)
    assert boto3.client("sagemaker").list_compilation_jobs()["CompilationJobSummaries"] == []


def test_the_operator_may_vouch_for_an_mxnet_symbol(
    aws: None, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--target-device", "ml_c5", "--input-shape", "1,3,416,416", "--framework-version", "1.8"]
    asked = _asked(capsys, _mxnet(tmp_path / "model", version=10901), *words, store=store)
    assert asked["create_compilation_job"]["InputConfig"]["DataInputConfig"] == '{"data": [1, 3, 416, 416]}'


def test_devices_take_other_versions_than_instances(aws: None, store: Path, tmp_path: Path) -> None:
    model = _torchscript(tmp_path / "quality")
    with pytest.raises(NeoError, match=r"PyTorch 2\.0 for devices; it takes those of 1\.7, 1\.8"):
        _run(model, "--target-device", "jetson_nano", "--framework-version", "2.0", store=store)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "name one target: --target-device ml_c5"),
        (["--target-device", "ml_c5", "--target-os", "LINUX"], "name one target"),
        (["--target-device", "ml_c55"], "Neo has no target device 'ml_c55', did you mean 'ml_c5'"),
        (["--target-os", "LINUX"], "name --target-os and --target-arch"),
        (["--target-os", "LINUX", "--target-arch", "X86_65"], "no target arch 'X86_65', did you mean 'X86_64'"),
        (
            ["--target-os", "LINUX", "--target-arch", "ARM64", "--target-accelerator", "NVIDIA"],
            "NVIDIA needs gpu-code, trt-ver, cuda-ver in --compiler-options",
        ),
        (["--target-device", "ml_c5", "--compiler-options", "{mcpu}"], "--compiler-options is not JSON"),
        (["--target-device", "ml_c5", "--output", "models"], "name a place there with --output s3://BUCKET/PREFIX"),
        (["--target-device", "ml_c5"], "name one with --role"),
        (["--target-device", "ml_c5", "--input-shape", "1,3,x"], "'1,3,x' is no input shape"),
        (["--target-device", "ml_c5", "--input-shape", "1,3,0,416"], "has a side below 1"),
        (["--target-device", "ml_c5", "--input-shape", "1,3,640,640"], "the graph takes 1,3,416,416 and nothing else"),
    ],
)
def test_mistakes(aws: None, store: Path, words: list[str], says: str) -> None:
    _onnx(store / "yolox_nano")
    with pytest.raises(NeoError, match=says):
        _run("yolox_nano", *words, store=store)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (None, "takes frames of any shape, and Neo compiles for one; give --input-shape"),
        ("1,1,416,416", "frames have three channels"),
        ("1,3,624,416", "frames are wider than high"),
    ],
)
def test_shapes_that_no_frame_would_be_brought_to(aws: None, store: Path, shape: str | None, says: str) -> None:
    _mxnet(store / YOLO)
    words = ["--input-shape", shape] if shape else []
    with pytest.raises(NeoError, match=says):
        _run(YOLO, "--target-device", "ml_c5", "--role", ROLE, *words, store=store)


def test_what_neo_cannot_be_given(aws: None, store: Path, tmp_path: Path) -> None:
    words = ["--target-device", "ml_c5"]
    with pytest.raises(NeoError, match=r"no model folder nothing; fetch it with '.*ipc-ai fetch nothing --store "):
        _run("nothing", *words, store=store)
    (store / "dlib_frontal_face").mkdir(parents=True)
    with pytest.raises(NeoError, match="runs on the engine 'embedded', and Neo compiles those of mxnet, onnxruntime"):
        _run("dlib_frontal_face", *words, store=store)
    _mxnet(store / YOLO)
    with pytest.raises(NeoError, match=f"does not hold the files of {YOLO} for body-detection"):
        _run(YOLO, *words, "--application", "body-detection", store=store)
    write_older_layout(store / YOLO, f"body_detector_{YOLO}")
    with pytest.raises(NeoError, match="files of face-detection and body-detection; name one with --application"):
        _run(YOLO, *words, store=store)
    (tmp_path / "unclear").mkdir()
    with pytest.raises(NeoError, match=r"has no model\.json and is not clear without; Neo takes a symbol"):
        _run(tmp_path / "unclear", *words, store=store)
    (tmp_path / "unclear/model.json").write_text("{}")
    with pytest.raises(NeoError, match="does not describe a model"):
        _run(tmp_path / "unclear", *words, store=store)


def test_a_square_takes_every_frame(aws: None, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "model"
    _mxnet(folder)
    described = dataclasses.asdict(catalogue.load().model(YOLO))
    (folder / "model.json").write_text(json.dumps(described | {"name": "gate"}))
    words = ["--target-device", "ml_g4dn", "--input-shape", "1,3,416,416", "--role", ROLE]
    _run(folder, *words, "--no-wait", store=store)
    job = _started(capsys)
    assert job.startswith("gate-ml-g4dn-")
    _neo_writes(job, "compiled.so", "compiled_model.json")
    _run(folder, *words, "--job", job, "--into", str(tmp_path / "into"), store=store)
    model = json.loads((tmp_path / "into/model.json").read_text())
    assert (model["input"]["resize"], model["input"]["size"]) == ("letterbox", 416)
    assert json.loads((tmp_path / "into/neo.json").read_text())["device"] == "gpu"
