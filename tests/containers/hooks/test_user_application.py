"""A user's own inference.py, with all hooks, some of them, or another form of them."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import ipc_ai_catalogue
from ipc_ai_serving.errors import ClientError, ModelFailedError, ModelLoadError, UnsupportedMediaTypeError
from ipc_ai_serving.hooks import default_hooks
from ipc_ai_serving.hooks.user_application import UserHooks
from tests.user_programs import answer_of, load_hooks, npy, without_users_modules

ONLY_MODEL = """
class Doubler:
    def predict(self, rows):
        return rows * 2

def model_fn(model_dir):
    return Doubler()
"""


@pytest.fixture(autouse=True)
def forgotten_module() -> Iterator[None]:
    with without_users_modules():
        yield


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[[1, 2], [3, 4]]", "application/json"),
        (b"1,2\n3,4", "text/csv"),
        (b"1,2\n3,4\n", "text/csv; charset=utf-8"),
        (npy([[1.0, 2.0], [3.0, 4.0]]), "application/x-npy"),
        (b"\n1, 2\n3,4.0\n\n", "text/csv"),
    ],
)
def test_model_fn_alone_is_enough(tmp_path: Path, body: bytes, content_type: str) -> None:
    hooks = load_hooks(tmp_path, ONLY_MODEL)
    assert answer_of(hooks, tmp_path, body, content_type) == (b"[[2.0, 4.0], [6.0, 8.0]]", "application/json")
    assert answer_of(hooks, tmp_path, body, content_type, "text/csv") == (b"2.0,4.0\n6.0,8.0\n", "text/csv")
    encoded, kind = answer_of(hooks, tmp_path, body, content_type, "application/x-npy, */*;q=0.1")
    assert kind == "application/x-npy"
    assert np.load(io.BytesIO(encoded)).tolist() == [[2, 4], [6, 8]]


@pytest.mark.parametrize("content_type", ["image/png", "application/x-image", "image/x-unheard-of", "application/json"])
def test_model_fn_alone_takes_frames(tmp_path: Path, content_type: str) -> None:
    """A model that is called with what the default hook made of an image."""
    hooks = load_hooks(tmp_path, "def model_fn(model_dir): return lambda frame: [*frame.shape, int(frame.max())]")
    image = cv2.imencode(".png", np.full((20, 30, 3), 9, np.uint8))[1].tobytes()
    for key in ("image_bytes", "image_base64_enc"):
        text = json.dumps({key: base64.b64encode(image).decode()}).encode()
        body = text if content_type == "application/json" else image
        assert answer_of(hooks, tmp_path, body, content_type)[0] == b"[20, 30, 3, 9]"
    with pytest.raises(ClientError, match="truncated"):
        hooks.input_fn(image[:40], "image/png")
    with pytest.raises(ClientError, match="not an object"):
        hooks.input_fn(b'{"instances": [1]}', "application/json")


def test_all_four_hooks(tmp_path: Path) -> None:
    hooks = load_hooks(
        tmp_path,
        """
def model_fn(model_dir): return model_dir
def input_fn(body, content_type): return (type(body).__name__, len(body), content_type)
def predict_fn(data, model): return [*data, model]
def output_fn(prediction, accept): return str(prediction), "text/x-mine"
""",
    )
    answer = answer_of(hooks, tmp_path, b"\xff\xd8\xff", "application/x-image")
    assert answer == (str(["bytes", 3, "application/x-image", str(tmp_path)]).encode(), "text/x-mine")
    assert b"'str'" in answer_of(hooks, tmp_path, b"{}", "application/json")[0]


def test_modules_beside_it_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "beside_inference.py").write_text("VALUE = 5")
    (tmp_path / "code" / "inference.py").write_text(
        "import beside_inference\ndef model_fn(model_dir): return lambda rows: rows + beside_inference.VALUE"
    )
    assert answer_of(UserHooks.load(tmp_path), tmp_path, b"[1]", "application/json")[0] == b"[6.0]"


def test_hooks_with_a_context(tmp_path: Path) -> None:
    hooks = load_hooks(
        tmp_path,
        "def model_fn(model_dir, context): return context\n"
        "def input_fn(body, content_type, context): return [body, context]\n"
        "def predict_fn(data, model, context=None): return [*data, model, context]\n"
        "def output_fn(prediction, accept, context, **further):\n"
        "    assert all(given is context for given in prediction[1:])\n"
        "    return repr(context.system_properties)\n",
    )
    answer, _ = answer_of(hooks, tmp_path, b"a", "text/plain")
    assert answer.decode() == repr({"model_dir": str(tmp_path), "gpu_id": None})


def test_a_default_is_no_context(tmp_path: Path) -> None:
    hooks = load_hooks(tmp_path, "def model_fn(model_dir, precision='half'): return lambda rows: precision")
    assert answer_of(hooks, tmp_path, b"[1]", "application/json")[0] == b'"half"'


def test_hooks_around_the_loading(tmp_path: Path) -> None:
    hooks = load_hooks(
        tmp_path,
        "calls = []\n"
        "def pre_model_fn(model_dir): calls.append(model_dir)\n"
        "def model_fn(model_dir): return lambda rows: calls\n"
        "def model_warmup_fn(model_dir, model): calls.append(len(model(None)))\n",
    )
    assert json.loads(answer_of(hooks, tmp_path, b"[1]", "application/json")[0]) == [str(tmp_path), 1]


def test_transform_fn_instead_of_three(tmp_path: Path) -> None:
    hooks = load_hooks(
        tmp_path,
        "def model_fn(model_dir): return 'm'\n"
        "def transform_fn(model, data, content_type, accept): return f'{model} {data} {content_type}', accept\n",
    )
    assert answer_of(hooks, tmp_path, b"d", "text/csv", "text/csv") == (b"m d text/csv", "text/csv")


def test_a_model_that_is_called(tmp_path: Path) -> None:
    hooks = load_hooks(tmp_path, "def model_fn(model_dir): return lambda rows: rows.sum()")
    assert answer_of(hooks, tmp_path, b"[[1, 2], [3, 4]]", "application/json")[0] == b"10.0"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"[[1], [2, 3]]", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"rows": [[1]]}', "application/json"),
        (b'[{"row": 1}]', "application/json"),
        (b'["word"]', "application/json"),
        (b"[1" + b"0" * 400 + b"]", "application/json"),
        (b"1,2\n3", "text/csv"),
        (b"1,word", "text/csv"),
        (b"not an array", "application/x-npy"),
        (b"", "application/x-npy"),
    ],
)
def test_a_body_that_is_not_what_it_says(tmp_path: Path, body: bytes, content_type: str) -> None:
    hooks = load_hooks(tmp_path, ONLY_MODEL)
    with pytest.raises(ClientError, match="not valid"):
        hooks.input_fn(body, content_type)


def test_other_types_need_hooks_of_their_own(tmp_path: Path) -> None:
    hooks = load_hooks(tmp_path, ONLY_MODEL)
    with pytest.raises(UnsupportedMediaTypeError, match="define input_fn"):
        hooks.input_fn(b"x", "video/mp4")
    with pytest.raises(UnsupportedMediaTypeError, match="text/html"):
        hooks.output_fn(np.zeros(1), "text/html")


def test_without_a_module_or_model_fn(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"code/inference\.py"):
        UserHooks.load(tmp_path)
    hooks = load_hooks(tmp_path, "")
    with pytest.raises(ModelLoadError, match="must define model_fn"):
        hooks.model_fn(str(tmp_path))


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed")
def test_a_torch_file_without_torch(tmp_path: Path) -> None:
    hooks = load_hooks(tmp_path, "")
    (tmp_path / "net.pth").touch()
    with pytest.raises(ModelLoadError, match=r"requirements.txt name torch, which loads net\.pth"):
        hooks.model_fn(str(tmp_path))


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed")
def test_what_macos_puts_beside_weights_is_no_weights(tmp_path: Path) -> None:
    hooks = load_hooks(tmp_path, "")
    for name in ("net.pth", "._net.pth", ".pt"):
        (tmp_path / name).touch()
    with pytest.raises(ModelLoadError, match=r"requirements.txt name torch, which loads net\.pth"):
        hooks.model_fn(str(tmp_path))


def test_the_images_own_program_comes_last(tmp_path: Path) -> None:
    image, model_dir = tmp_path / "image", tmp_path / "model"
    (model_dir / "code").mkdir(parents=True)
    image.mkdir()
    (image / "mine.py").write_text("def model_fn(model_dir): return lambda rows: 'image'")
    for program, expected in (("mine.py", b'"image"'), ("mine.py", b'"archive"')):
        hooks = UserHooks.load(model_dir, code_dir=image, program=program)
        assert answer_of(hooks, model_dir, b"[1]", "application/json")[0] == expected
        (model_dir / "code" / "mine.py").write_text("def model_fn(model_dir): return lambda rows: 'archive'")


def test_a_number_that_is_missing_or_too_large_for_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # another test may have imported it; None is not imported
    hooks = load_hooks(tmp_path, ONLY_MODEL)
    for body, content_type in ((b"[1, null, 1e300]", "application/json"), (b"1,,1e300", "text/csv")):
        data = hooks.input_fn(body, content_type)
        assert data.dtype == np.float32
        assert np.isnan(data[1])
        assert np.isinf(data[2])


def test_what_does_not_fit_into_csv(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="3 dimensions"):
        load_hooks(tmp_path, ONLY_MODEL).output_fn(np.zeros((1, 1, 1)), "text/csv")


def test_a_scikit_learn_model_as_its_container_takes_it(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    from sklearn.linear_model import LogisticRegression

    rows, labels = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    joblib.dump(LogisticRegression().fit(rows, labels), tmp_path / "model.joblib")
    hooks = load_hooks(
        tmp_path,
        "import joblib, os\ndef model_fn(model_dir): return joblib.load(os.path.join(model_dir, 'model.joblib'))",
    )
    assert json.loads(answer_of(hooks, tmp_path, b"[[0], [3]]", "application/json")[0]) == [0, 1]


@pytest.mark.processes
def test_gunicorns_master_imports_nothing_that_a_user_may_replace() -> None:
    program = Path(default_hooks.__file__).parents[2]
    source = "import ipc_ai_serving.hooks.user_packages, sys; sys.exit('numpy' in sys.modules or 'cv2' in sys.modules)"
    environment = {"PYTHONPATH": str(Path(ipc_ai_catalogue.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", source], cwd=program, env=environment, check=False).returncode == 0


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"[1, 2, 3]", "application/json"), (b"[[NaN, 1]]", "application/json"), (b"1,2", "text/csv")],
)
def test_data_that_the_model_does_not_take_is_the_clients_to_correct(
    tmp_path: Path, body: bytes, content_type: str
) -> None:
    model = "class Model:\n def predict(self, rows): raise ValueError('2 columns wanted\\nand more')\n"
    hooks = load_hooks(tmp_path, model + "def model_fn(model_dir): return Model()")
    loaded = hooks.model_fn(str(tmp_path))
    with pytest.raises(ClientError, match=r"^the model does not take this data: 2 columns wanted$"):
        hooks.predict_fn(hooks.input_fn(body, content_type), loaded)


def test_a_fault_behind_a_users_own_input_is_not_the_clients(tmp_path: Path) -> None:
    source = "def model_fn(model_dir): return int\ndef input_fn(body, content_type): return 'x'"
    hooks = load_hooks(tmp_path, source)
    with pytest.raises(ValueError, match="invalid literal"):
        hooks.predict_fn(hooks.input_fn(b"1", "text/plain"), hooks.model_fn(str(tmp_path)))


@pytest.mark.parametrize(
    ("returned", "answer"),
    [
        ("[[1, 2]]", (b"[[1, 2]]", "application/json")),
        ("np.array([0.5])", (b"[0.5]", "application/json")),
        ("{'rows': [np.float32(0.5)]}", (b'{"rows": [0.5]}', "application/json")),
        ("([1, 2], 'text/x-mine')", (b"[1, 2]", "text/x-mine")),
        ("bytearray(b'x')", (b"x", "application/json")),
        ("Response('1,2', content_type='text/csv')", (b"1,2", "text/csv")),
    ],
)
def test_what_is_neither_text_nor_bytes_becomes_json(tmp_path: Path, returned: str, answer: tuple[bytes, str]) -> None:
    """The model servers of SageMaker's containers do that, and GluonCV's own program relies on it."""
    hooks = load_hooks(
        tmp_path,
        "import numpy as np\nfrom flask import Response\n"
        "def model_fn(model_dir): return None\n"
        f"def transform_fn(model, data, content_type, accept): return {returned}\n",
    )
    assert answer_of(hooks, tmp_path, b"[1]", "application/json") == answer


@pytest.mark.parametrize("kept", ["tuple", "own predict", "no callable"])
def test_a_model_that_cannot_be_called_is_not_the_clients_fault(tmp_path: Path, kept: str) -> None:
    models = {
        "tuple": "(abs, 'labels')",
        "own predict": "type('Model', (), {'predict': lambda self, rows, other: rows})()",
        "no callable": "{'weights': 1}",
    }
    hooks = load_hooks(tmp_path, f"def model_fn(model_dir): return {models[kept]}")
    with pytest.raises(ModelFailedError, match=r"define predict_fn\(data, model\)"):
        answer_of(hooks, tmp_path, b"[1]", "application/json")


@pytest.mark.parametrize(
    ("returned", "accept", "answer"),
    [
        ("[1]", "image/*", (b"[1]", "application/json")),
        ("[1]", "application/*+json", (b"[1]", "application/json")),
        ("[1]", "application/vnd.x+json", (b"[1]", "application/vnd.x+json")),
        ("[1]", "image/png", (b"[1]", "application/json")),
        ("[1]", "text/csv", (b"[1]", "application/json")),
        ("'[1]'", "image/*", (b"[1]", "application/json")),
        ("'1,2'", "text/csv", (b"1,2", "text/csv")),
        ("b'png'", "image/*", (b"png", "application/octet-stream")),
        ("b'png'", "image/png", (b"png", "image/png")),
        ("(b'png', 'image/png')", "image/*", (b"png", "image/png")),
        ("(b'png', 'image/*')", "image/*", (b"png", "application/octet-stream")),
        ("('x', None)", None, (b"x", "application/json")),
        ("('x', 'nonsense')", "text/csv", (b"x", "text/csv")),
        ("([1], None)", None, (b"[[1], null]", "application/json")),
        ("np.longdouble(0.5)", None, (b"0.5", "application/json")),
        ("{'a': np.array([0.5, 'nan'], np.longdouble)}", None, (b'{"a": [0.5, null]}', "application/json")),
    ],
)
def test_the_type_of_an_answer_is_that_of_its_body(
    tmp_path: Path, returned: str, accept: str | None, answer: tuple[bytes, str]
) -> None:
    """A range is no type of an answer, and JSON says that it is JSON."""
    program = f"import numpy as np\ndef model_fn(d): return 0\ndef transform_fn(m, d, c, a): return {returned}\n"
    assert answer_of(load_hooks(tmp_path, program), tmp_path, b"[1]", "application/json", accept) == answer


def test_a_hook_may_be_a_function_without_a_signature(tmp_path: Path) -> None:
    program = "def model_fn(model_dir): return 2\ndef input_fn(body, content_type): return 1\npredict_fn = max\n"
    assert answer_of(load_hooks(tmp_path, program), tmp_path, b"[1]", "application/json")[0] == b"2"


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (
            "Response('no', 422, {'X-Model': '7'}, content_type='text/plain')",
            (b"no", "text/plain", 422, (("X-Model", "7"),)),
        ),
        ("Response(status=204)", (b"", "text/html; charset=utf-8", 204, ())),
        ("Response((part for part in ('a', b'b')), content_type='text/x-parts')", (b"ab", "text/x-parts", 200, ())),
        ("(part for part in ('a', b'b'))", (b"ab", "application/json", 200, ())),
        ("(number for number in (1, 2))", (b"[1, 2]", "application/json", 200, ())),
        ("iter(())", (b"[]", "application/json", 200, ())),
    ],
)
def test_a_response_keeps_status_and_headers(tmp_path: Path, returned: str, expected: tuple[object, ...]) -> None:
    source = f"from flask import Response\ndef transform_fn(model, data, content_type, accept): return {returned}\n"
    assert load_hooks(tmp_path, source).output_fn((None, "1", "text/plain"), None) == expected


def test_a_status_that_is_none(tmp_path: Path) -> None:
    source = "from flask import Response\ndef transform_fn(*hook): return Response('x', 'none of all')"
    with pytest.raises(ValueError, match="no status of an answer"):
        load_hooks(tmp_path, source).output_fn((None, "1", "text/plain"), None)


@pytest.mark.parametrize(("returned", "says"), [("None", "returned nothing"), ("[object()]", "object does not fit")])
def test_what_is_no_answer_says_so(tmp_path: Path, returned: str, says: str) -> None:
    hooks = load_hooks(
        tmp_path,
        "def model_fn(model_dir): return None\n"
        f"def transform_fn(model, data, content_type, accept): return {returned}\n",
    )
    with pytest.raises(TypeError, match=says):
        answer_of(hooks, tmp_path, b"[1]", "application/json")
