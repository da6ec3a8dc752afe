from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

import ipc_ai_catalogue as catalogue
from tests import table_graphs
from tests.saved_models import saved_model
from tests.tiny_models import write_ultralytics_onnx
from workbench.errors import PackageError
from workbench.packing.model_layout import ModelLayout, lay_out

_HOOKS = "def model_fn(model_dir):\n    return model_dir\n"


def _folder(tmp_path: Path, *names: str, content: str = _HOOKS) -> Path:
    folder = tmp_path / "net"
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name == "saved_model.pb":
            path.write_bytes(saved_model())
        elif path.suffix == ".onnx":
            write_ultralytics_onnx(path)
        else:
            path.write_text(content)
    return folder


def _laid(tmp_path: Path, *names: str) -> ModelLayout:
    return lay_out(_folder(tmp_path, *names))


@pytest.mark.parametrize(
    ("framework", "names"),
    [
        ("pytorch", ["model.pth", "code/inference.py", "code/requirements.txt"]),
        ("sklearn", ["model.joblib", "code/inference.py", "code/lib/rows.py"]),
        ("mxnet", ["net-symbol.json", "net-0000.params", "code/inference.py"]),
        ("onnx", ["net.onnx", "code/inference.py"]),
        ("tensorflow", ["1/saved_model.pb", "1/variables/variables.index"]),
        ("tensorflow", ["half_plus_two/00000123/saved_model.pb"]),
    ],
)
def test_a_right_layout_stays_as_it_is(tmp_path: Path, framework: str, names: list[str]) -> None:
    layout = _laid(tmp_path, *names)
    assert layout.framework == framework
    assert sorted(layout.files) == sorted(names)
    assert layout.moved == ()
    assert layout.application == "custom"


def test_what_editors_and_python_leave_is_left_out(tmp_path: Path) -> None:
    junk = ["code/__pycache__/inference.cpython-311.pyc", ".DS_Store", "code/.git/config", "code/old.pyc"]
    assert sorted(_laid(tmp_path, "model.pt", "code/inference.py", *junk).files) == ["code/inference.py", "model.pt"]


def test_weights_of_an_unknown_kind_are_told_by_the_programs_imports(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "code/inference.py", "a-model", content="from sklearn import svm\nimport joblib\n")
    layout = lay_out(folder)
    assert (layout.framework, layout.because) == ("sklearn", "code/inference.py")


def test_a_program_of_no_framework_is_a_program_of_ones_own(tmp_path: Path) -> None:
    assert _laid(tmp_path, "code/inference.py", "colours.json").framework is None


def test_one_file_with_a_program_and_packages_from_elsewhere(tmp_path: Path) -> None:
    weights, program, packages = (tmp_path / name for name in ("model.pth", "serve.py", "packages.txt"))
    for path in (weights, program, packages):
        path.write_text(_HOOKS)
    layout = lay_out(weights, inference=program, requirements=packages)
    assert layout.files == {"model.pth": weights, "code/inference.py": program, "code/requirements.txt": packages}


def test_a_program_at_the_top_that_is_named_moves(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "model.pth", "mnist.py")
    layout = lay_out(folder, inference=folder / "mnist.py")
    assert sorted(layout.files) == ["code/inference.py", "model.pth"]


def test_the_one_program_with_hooks_is_the_program(tmp_path: Path) -> None:
    """SageMaker's own PyTorch toolkit has code/mnist.py in its tests."""
    folder = _folder(tmp_path, "torch_model.pth", "code/mnist.py")
    (folder / "code/layers.py").write_text("WIDTH = 1\n")
    layout = lay_out(folder)
    assert layout.files["code/inference.py"] == layout.files["code/mnist.py"]
    assert layout.moved == (("code/mnist.py", "code/inference.py"),)


@pytest.mark.parametrize(
    "weights", [["model.pt"], ["model-symbol.json", "model-0000.params", "model-shapes.json"]], ids=["pytorch", "mxnet"]
)
def test_a_program_may_be_empty_where_the_default_model_fn_loads_the_weights(
    tmp_path: Path, weights: list[str]
) -> None:
    """SageMaker's own MXNet toolkit has code/empty_module.py in its tests."""
    folder = _folder(tmp_path, *weights, "code/empty_module.py", content="")
    layout = lay_out(folder)
    assert layout.files["code/inference.py"] == folder / "code/empty_module.py"
    assert layout.application == "custom"


@pytest.mark.parametrize(
    "program",
    ["from mnist import model_fn\n", "from mnist import *\n", "model_fn = print\n"],
    ids=["named", "star", "set"],
)
def test_files_of_gluons_own_names_are_the_programs_business(tmp_path: Path, program: str) -> None:
    """Gluon's model.json is a symbol, and no description of a model."""
    layout = lay_out(_folder(tmp_path, "model.json", "model.params", "code/inference.py", content=program))
    assert (layout.framework, layout.application, layout.moved) == ("mxnet", "custom", ())


def test_mxnet_may_load_onnx_where_it_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "model.onnx", "code/inference.py")
    assert (lay_out(folder).framework, lay_out(folder, framework="mxnet").framework) == ("onnx", "mxnet")


_HANDLERS = """\
def input_handler(data, context): ...
def output_handler(response, context): ...
"""


@pytest.mark.parametrize("program", [_HANDLERS, "def handler(data, context): ...\n", "from own import handler\n"])
def test_handlers_of_tensorflow_serving_are_hooks(tmp_path: Path, program: str) -> None:
    layout = lay_out(_folder(tmp_path, "1/saved_model.pb", "code/serving.py", content=program))
    assert layout.moved == (("code/serving.py", "code/inference.py"),)


@pytest.mark.parametrize(
    ("program", "lacks"),
    [
        (_HOOKS, "input_handler and output_handler"),
        ("", "input_handler and output_handler"),
        ("def input_handler(data, context): ...\n", "output_handler"),
    ],
)
def test_a_program_that_tensorflow_serving_cannot_call(tmp_path: Path, program: str, lacks: str) -> None:
    folder = _folder(tmp_path, "1/saved_model.pb", "code/inference.py", content=program)
    with pytest.raises(PackageError, match=rf"^code/inference.py does not define {lacks}; .*handler\(data, context\)"):
        lay_out(folder)


def test_a_saved_model_gets_a_number(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "saved_model.pb", "variables/variables.index", "code/inference.py", content=_HANDLERS)
    layout = lay_out(folder)
    assert sorted(layout.files) == ["1/saved_model.pb", "1/variables/variables.index", "code/inference.py"]
    assert ("saved_model.pb", "1/saved_model.pb") in layout.moved
    assert not layout.served_by_our_image


@pytest.mark.parametrize("version", ["00000123", "2"])
def test_a_version_folder_that_is_packed_keeps_its_name(tmp_path: Path, version: str) -> None:
    folder = _folder(tmp_path, f"{version}/saved_model.pb") / version
    assert sorted(lay_out(folder).files) == [f"{version}/saved_model.pb"]


def test_a_program_at_the_top_goes_into_code_with_what_it_imports(tmp_path: Path) -> None:
    """Toolkits and guides ship a program, its modules and its packages beside the weights."""
    names = ["inference.py", "requirements.txt", "layers.py", "lib/__init__.py", "lib/labels.txt", "camlib-1.0.whl"]
    layout = _laid(tmp_path, *names, "model.pth", "labels.txt", "lib/part.pth")
    kept = ["labels.txt", "lib/part.pth", "model.pth"]
    assert sorted(layout.files) == sorted([*(f"code/{name}" for name in names), *kept])
    assert dict(layout.moved) == {name: f"code/{name}" for name in names}


def test_a_program_of_another_name_at_the_top_brings_its_modules(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "model.pth", "serve.py", "layers.py", "requirements.txt")
    layout = lay_out(folder, inference=folder / "serve.py")
    assert sorted(layout.files) == ["code/inference.py", "code/layers.py", "code/requirements.txt", "model.pth"]


@pytest.mark.parametrize("named", ["net/inference.py", "inference.py"])
def test_a_named_program_of_an_archive_brings_its_modules(tmp_path: Path, named: str) -> None:
    folder = _folder(tmp_path, "net/model.pth", "net/inference.py", "net/layers.py")
    layout = lay_out(folder, inference=Path(named))
    assert sorted(layout.files) == ["code/inference.py", "code/layers.py", "model.pth"]


def test_packages_at_the_top_are_for_the_program_in_code(tmp_path: Path) -> None:
    layout = _laid(tmp_path, "requirements.txt", "model.pth", "code/inference.py", "train.py")
    assert sorted(layout.files) == ["code/inference.py", "code/requirements.txt", "model.pth", "train.py"]


@pytest.mark.parametrize("program", ["net/code/inference.py", "net/inference.py"])
def test_one_folder_around_everything_is_taken_away(tmp_path: Path, program: str) -> None:
    """``tar -czf model.tar.gz net`` makes it."""
    layout = _laid(tmp_path, program, "net/model.pth")
    assert sorted(layout.files) == ["code/inference.py", "model.pth"]
    assert layout.moved[0] == ("net/", "the top")


@pytest.mark.parametrize("program", ["a/b/code/inference.py", "a/b/inference.py"])
def test_folders_around_everything_are_taken_away(tmp_path: Path, program: str) -> None:
    layout = _laid(tmp_path, program, "a/b/model.pth", "a/b/data/labels.txt")
    assert sorted(layout.files) == ["code/inference.py", "data/labels.txt", "model.pth"]
    assert layout.moved[0] == ("a/b/", "the top")


def test_weights_further_down_say_where_the_program_belongs(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"put it into \S+/net/a/b/code and package \S+/net/a/b, or name it"):
        _laid(tmp_path, "a/b/model.pth")
    with pytest.raises(PackageError, match=r"the weights in \S+/net/c/d are read; add code/inference.py with .*, or a"):
        lay_out(_folder(tmp_path / "other", "c/d/net.onnx", "c/readme.md"))
    with pytest.raises(PackageError, match="lies in a/b/, and code/ belongs to the top of the archive; package a/b"):
        lay_out(_folder(tmp_path / "third", "a/b/code/inference.py", "a/model.pth"))


def test_what_macos_puts_into_archives_is_no_weights(tmp_path: Path) -> None:
    junk = ["._model.pth", "code/._inference.py", "__MACOSX/._model.pth", "__MACOSX/code/inference.py", ".DS_Store"]
    assert sorted(_laid(tmp_path, "model.pth", "code/inference.py", *junk).files) == ["code/inference.py", "model.pth"]


def test_one_file_is_packed_with_its_companions_and_nothing_else(tmp_path: Path) -> None:
    """The folder around it may hold gigabytes of other files."""
    names = ["net-symbol.json", "net-0000.params", "net-0009.params", "other-symbol.json", "a.onnx", "a.onnx.data", "b"]
    folder = _folder(tmp_path, *names, "code/inference.py")
    program = folder / "code/inference.py"
    symbol = lay_out(folder / "net-symbol.json", inference=program)
    assert sorted(symbol.files) == ["code/inference.py", "net-0009.params", "net-symbol.json"]
    assert symbol.files["net-symbol.json"] == folder / "net-symbol.json"  # from where it lies
    assert sorted(lay_out(folder / "a.onnx", inference=program).files) == ["a.onnx", "a.onnx.data", "code/inference.py"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["x.pkl"], "^code/inference.py is missing, which loads the model for sklearn; name it with --inference FILE$"),
        (["x.pt", "inference.py"], "for pytorch; name it with --inference .*/net/inference.py$"),
        (["x.pt", "code/inference.py"], "for pytorch; name it with --inference .*/net/code/inference.py$"),
    ],
)
def test_one_file_without_a_program_asks_for_it(tmp_path: Path, names: list[str], says: str) -> None:
    with pytest.raises(PackageError, match=says):
        lay_out(_folder(tmp_path, *names) / names[0])


@pytest.mark.parametrize(
    ("name", "framework", "says"),
    [
        ("net-0000.params", None, r"net-symbol.json is missing; put it beside net-0000.params in .*/net$"),
        ("net-symbol.json", None, r"net-0000.params is missing; put it beside net-symbol.json in .*/net$"),
        ("x.pkl", "mxnet", r"/net/x.pkl is no file of mxnet \(\*-symbol.json or \*.params\); leave --framework out"),
        ("x.pkl", "onnx", r"/net/x.pkl is no file of onnx \(\*.onnx\); leave --framework out, or name another$"),
        ("x.pkl", "tensorflow", r"/net/x.pkl is no file of tensorflow .*; leave --framework out, or name another$"),
    ],
)
def test_no_place_in_one_file_is_advised(tmp_path: Path, name: str, framework: str | None, says: str) -> None:
    with pytest.raises(PackageError, match=says):
        lay_out(_folder(tmp_path, name) / name, framework=framework)


def test_files_of_options_that_are_not_there(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "model.pth")
    with pytest.raises(
        PackageError, match=r"^there is no serve.py; name a file of this machine with --inference FILE$"
    ):
        lay_out(folder, inference=Path("serve.py"))
    with pytest.raises(PackageError, match=r"is no file; name a file with --requirements FILE$"):
        lay_out(folder, requirements=folder)


def test_an_earlier_archive_among_the_weights_is_not_packed(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "model.pth", "code/inference.py", "net.tar.gz")
    assert "net.tar.gz" not in lay_out(folder, without=folder / "net.tar.gz").files


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["model.pth"], "code/inference.py is missing, which loads the model for pytorch; put it into .*/net/code"),
        (
            ["model.pth", "inference.py", "code/inference.py"],
            "there is inference.py at the top, and code/inference.py;",
        ),
        (
            ["requirements.txt", "model.pth", "code/inference.py", "code/requirements.txt"],
            "there is requirements.txt at the top, and code/requirements.txt; leave one of them out",
        ),
        (["code/requirements.txt", "model.pth"], "code/inference.py is missing; name one with --inference"),
        (["net/code/inference.py", "model.pth"], r"code/ belongs to the top of the archive; package net alone, with"),
        (["code/inference.py", "code/model.pth"], "no weights for pytorch .* at the top of .*: model_fn gets that"),
        (["code/a.py", "code/b.py", "model.pt"], "code/a.py, code/b.py all define hooks; name the program"),
        (["net-symbol.json", "code/inference.py"], "net-0000.params is missing; put it beside net-symbol.json"),
        (["net-0000.params", "code/inference.py"], "net-symbol.json is missing; put it beside net-0000.params"),
        (["model.pth", "mnist.py"], "put it into .*/net/code, or name it with --inference .*/net/mnist.py$"),
        (["hosting.py"], "and a program is named with --inference .*/net/hosting.py$"),
        (["half/saved_model.pb"], r"not in a folder with a number.*rename .*/net/half to .*/net/1$"),
        (["0/saved_model.pb"], r"0/saved_model.pb is not in a folder with a number from 1 on"),
        (["model.keras"], r"model.keras is a format of Keras's own.*model.export\('1'\)"),
        (["a.onnx", "b.pth", "code/inference.py"], "there is b.pth of pytorch and a.onnx of onnx; say .*--framework"),
        (["notes.md"], "neither weights nor code/inference.py"),
        (["net.onnx"], "nothing says how the weights .* are read; add code/inference.py with --inference FILE, or a"),
    ],
)
def test_a_wrong_layout_says_what_belongs_where(tmp_path: Path, names: list[str], says: str) -> None:
    folder = _folder(tmp_path, *names)
    with pytest.raises(PackageError, match=says):
        lay_out(folder)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (
            ["model-symbol.json", "model-0000.params"],
            "^model-shapes.json is missing, and code/inference.py defines no model",
        ),
        (["net-symbol.json", "net-0000.params"], "^model-symbol.json is missing, .*, or define model_fn$"),
        (["model.pth", "code/other.py"], "no file in code/ defines model_fn, .* or transform_fn; name the program"),
        (["model.joblib"], "no file in code/ defines"),
    ],
)
def test_an_empty_program_needs_weights_that_are_loaded_without_one(
    tmp_path: Path, names: list[str], says: str
) -> None:
    program = "code/inference.py" if names[0].endswith("symbol.json") else "code/empty.py"
    with pytest.raises(PackageError, match=says):
        lay_out(_folder(tmp_path, *names, program, content=""))


@pytest.mark.parametrize(
    ("framework", "says"),
    [
        ("tensorflow", "there is no saved_model.pb in"),
        ("onnx", "there is no .onnx file in"),
        ("mxnet", "there is no NAME-symbol.json with NAME-0000.params at the top"),
    ],
)
def test_a_framework_that_is_named_needs_its_weights(tmp_path: Path, framework: str, says: str) -> None:
    with pytest.raises(PackageError, match=says):
        lay_out(_folder(tmp_path, "code/inference.py", "weights.bin"), framework=framework)


def test_a_program_that_is_not_python(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "model.pth", "code/main.py", content="def model_fn(:\n")
    with pytest.raises(PackageError, match=r"code/main.py is not Python, see its line 1"):
        lay_out(folder)


def test_what_is_not_there_or_empty(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"there is no .*/nowhere; name a folder or a file"):
        lay_out(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackageError, match="empty is empty; put the model's weights into it"):
        lay_out(tmp_path / "empty")


def _described(folder: Path, base: str, name: str) -> None:
    model = dataclasses.asdict(catalogue.load().model(base)) | {"name": name}
    folder.mkdir(parents=True)
    model["files"] = {"any": [{"name": "weights.onnx", "role": "onnx"}]}
    (folder / "model.json").write_text(json.dumps(model))
    (folder / "weights.onnx").write_text("weights")


def test_models_lie_under_the_names_of_their_descriptions(tmp_path: Path) -> None:
    """The container looks for the halves of a pair by these names."""
    _described(tmp_path / "pair/detector", "yunet_n", "gate-faces")
    _described(tmp_path / "pair/vectors", "mobileface_v2", "myface")
    layout = lay_out(tmp_path / "pair")
    assert (layout.application, layout.model) == ("face-comparison", "gate-faces+myface")
    parts = [f"{name}/{file}" for name in ("gate-faces", "myface") for file in ("model.json", "weights.onnx")]
    assert sorted(layout.files) == parts


def test_a_description_of_files_that_are_missing(tmp_path: Path) -> None:
    _described(tmp_path / "pair/detector", "yunet_n", "gate-faces")
    _described(tmp_path / "pair/vectors", "mobileface_v2", "myface")
    _described(tmp_path / "shop", "yolox_nano", "shop")
    for file in ("pair/detector/weights.onnx", "shop/weights.onnx"):
        (tmp_path / file).rename((tmp_path / file).with_name("other.onnx"))
    with pytest.raises(PackageError, match=r"detector/model.json names detector/weights.onnx, which is not there; add"):
        lay_out(tmp_path / "pair")
    with pytest.raises(PackageError, match=r"^model.json names weights.onnx, which is not there; add it, or correct"):
        lay_out(tmp_path / "shop")


def test_models_that_are_no_pair(tmp_path: Path) -> None:
    _described(tmp_path / "two/a", "yolox_nano", "shop")
    _described(tmp_path / "two/b", "yunet_n", "door")
    with pytest.raises(PackageError, match=r"has 2 models: shop \(detector\), door \(detector\); package one detector"):
        lay_out(tmp_path / "two")
    _described(tmp_path / "two/c", "mobileface_v2", "myface")
    with pytest.raises(
        PackageError, match=r"has 3 models: .*myface \(embedder\); package one detector alone, or a pair"
    ):
        lay_out(tmp_path / "two")
    _described(tmp_path / "same/a", "yunet_n", "mine")
    _described(tmp_path / "same/b", "mobileface_v2", "mine")
    with pytest.raises(PackageError, match=r"both models in \S+ have the name mine, .*; give one another name"):
        lay_out(tmp_path / "same")


def test_half_a_pair_says_how_the_pair_is_named(tmp_path: Path) -> None:
    _described(tmp_path / "vectors", "mobileface_v2", "myface")
    for source in ("vectors", "vectors/weights.onnx"):
        with pytest.raises(PackageError, match=f"half of a pair .*; name DETECTOR.EMBEDDER, as in 'yunet_n.{tmp_path}"):
            lay_out(tmp_path / source)


def test_one_file_of_a_model_folder_is_packed_with_its_description(tmp_path: Path) -> None:
    _described(tmp_path / "mine", "yolox_nano", "shop")
    layout = lay_out(tmp_path / "mine/weights.onnx")
    assert (layout.application, layout.model) == ("body-detection", "shop")


def test_a_name_that_no_parameter_takes(tmp_path: Path) -> None:
    _described(tmp_path / "mine", "yolox_nano", "my shop")
    with pytest.raises(
        PackageError, match=r"'my shop', the name in model\.json, is no name for a parameter; use letters"
    ):
        lay_out(tmp_path / "mine")


def test_weights_of_the_older_layout_are_for_their_application(tmp_path: Path) -> None:
    layout = _laid(tmp_path, "face_detector_mine-symbol.json", "face_detector_mine-0000.params")
    assert (layout.framework, layout.application, layout.model) == ("mxnet", "face-detection", "mine")


def test_a_model_of_tables_needs_no_program(tmp_path: Path) -> None:
    table_graphs.write_tree(tmp_path / "net/deep/fraud.onnx")
    (tmp_path / "net/deep/readme.md").touch()
    for source, names, moved in (
        (tmp_path / "net/deep/fraud.onnx", ["fraud.onnx"], ()),
        (tmp_path / "net/deep", ["fraud.onnx", "readme.md"], ()),
        (tmp_path / "net", ["fraud.onnx", "readme.md"], (("deep/", "the top"),)),
    ):
        layout = lay_out(source, application="custom")
        assert (layout.framework, layout.application, layout.model, layout.moved) == ("onnx", "custom", None, moved)
        assert sorted(layout.files) == names
        assert layout.table is not None
        assert layout.table.outputs == ("label", "probabilities")
    with pytest.raises(
        PackageError, match=r"fraud\.onnx is a model of tables \(X .*, which custom serves and body-detect"
    ):
        lay_out(tmp_path / "net", application="body-detection")


def test_a_program_beside_a_model_of_tables_goes_first(tmp_path: Path) -> None:
    table_graphs.write_tree(tmp_path / "fraud.onnx")
    (tmp_path / "code").mkdir()
    (tmp_path / "code/inference.py").write_text(_HOOKS)
    layout = lay_out(tmp_path)
    assert (layout.application, layout.table, sorted(layout.files)) == (
        "custom",
        None,
        ["code/inference.py", "fraud.onnx"],
    )
