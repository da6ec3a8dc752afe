"""Models of tables without a program: forms of requests and answers, through the hooks as the server calls them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from ipc_ai_serving.errors import ClientError, ModelLoadError, UnsupportedMediaTypeError
from ipc_ai_serving.hooks.user_application import UserHooks
from tests import table_graphs
from tests.tiny_models import write_ultralytics_onnx
from tests.user_programs import answer_of, load_hooks, npy, without_users_modules

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
_PERSON = {"age": 61, "income": 40.5, "city": "Oslo", "is_member": True}
_CHILD = {"age": 9, "income": None, "city": "Rome", "is_member": False}
_BOTH = {
    "output_label": ["yes", "no"],
    "output_probability": [{"no": 0.25, "yes": 0.75}, {"no": 1.0, "yes": 0.0}],
}


@pytest.fixture(autouse=True)
def forgotten_module() -> Iterator[None]:
    with without_users_modules():
        yield


def _answer(folder: Path, body: Any, kind: str = JSON, accept: str | None = None) -> bytes:
    sent = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    answer: bytes = answer_of(UserHooks.load(folder), folder, sent, kind, accept)[0]
    return answer


def _document(folder: Path, body: Any, kind: str = JSON) -> Any:
    return json.loads(_answer(folder, body, kind))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ([[0, 0, 3, 0], [0, 0, 2, 0]], JSON),
        ({"instances": [[0, 0, 3, 0], [0, 0, 2, 0]]}, JSON),
        ({"instances": [{"features": [0, 0, 3, 0]}, {"features": [0, 0, 2, 0]}]}, JSON),
        ({"data": [[0, 0, 3.0, 0], [0, None, 2, 0]]}, JSON),
        ({"X": [[0, 0, 3, 0], [0, 0, 2, 0]]}, JSON),
        ({"columns": ["a", "b", "c", "d"], "data": [[0, 0, 3, 0], [0, 0, 2, 0]]}, JSON),
        ("0,0,3,0\n0,,2.0,0\n", CSV),
        ("\ufeffa,b,c,d\r\n0,0,3,0\r\n0, 0, 2, 0\r\n\r\n", CSV),
        (npy([[0, 0, 3, 0], [0, 0, 2, 0]]), NPY),
        (npy(np.array([[0, 0, 3, 0], [0, 0, 2, 0]], np.float16)), NPY),
    ],
)
@pytest.mark.parametrize("type_", [TensorProto.FLOAT, TensorProto.DOUBLE])
def test_rows_without_names(tmp_path: Path, body: Any, kind: str, type_: int) -> None:
    table_graphs.write_tree(tmp_path / "fraud.onnx", kind=type_)
    expected = {"label": [1, 0], "probabilities": [{"0": 0.25, "1": 0.75}, {"0": 1.0, "1": 0.0}]}
    assert _document(tmp_path, body, kind) == expected


def test_one_row(tmp_path: Path) -> None:
    table_graphs.write_tree(tmp_path / "fraud.onnx", maps=False)
    for body, kind in (([0, 0, 3, 0], JSON), ("0,0,3,0", CSV), (npy([0.0, 0, 3, 0]), NPY), ({"X": [0, 0, 3, 0]}, JSON)):
        assert _document(tmp_path, body, kind) == {"label": [1], "probabilities": [[0.25, 0.75]]}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ([_PERSON, _CHILD], JSON),
        ({"instances": [_PERSON, _CHILD]}, JSON),
        ({"dataframe_records": [_PERSON, _CHILD]}, JSON),
        ({name: [_PERSON[name], _CHILD[name]] for name in _PERSON}, JSON),
        ({name: [[_PERSON[name]], [_CHILD[name]]] for name in _PERSON}, JSON),
        ({name: {"0": _PERSON[name], "1": _CHILD[name]} for name in _PERSON}, JSON),
        ([list(_PERSON.values()), list(_CHILD.values())], JSON),
        ({"columns": list(_PERSON)[::-1], "data": [list(_PERSON.values())[::-1], list(_CHILD.values())[::-1]]}, JSON),
        ([_PERSON, dict(reversed(_CHILD.items()))], JSON),
        (
            [
                {**_PERSON, "is_member": 1},
                {"is member" if name == "is_member" else name: _CHILD[name] for name in _CHILD},
            ],
            JSON,
        ),
        ("city,is_member,age,income\nOslo,true,61,40.5\nRome,FALSE,9.0,\n", CSV),
        ('61,40.5,"Oslo",1\n9,nan,Rome,0', CSV),
    ],
)
def test_columns_with_names(tmp_path: Path, body: Any, kind: str) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    assert _document(tmp_path, body, kind) == _BOTH


def test_an_array_with_names(tmp_path: Path) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    types = [("city", "U4"), ("age", np.int32), ("is_member", np.bool_), ("income", np.float64)]
    rows = np.array([("Oslo", 61, True, 40.5), ("Rome", 9, False, np.nan)], types)
    assert _document(tmp_path, npy(rows), NPY) == _BOTH


def test_one_object_is_one_row(tmp_path: Path) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    assert _document(tmp_path, _PERSON)["output_label"] == ["yes"]


def test_columns_of_several_cells(tmp_path: Path) -> None:
    table_graphs.write_two_matrices(tmp_path / "model.onnx")
    expected = {"sum": [3.0, 7.0], "same": [["a", "b"], ["c", ""]]}
    for body, kind in (
        ([[1, 2, "a", "b"], [3, 4, "c", None]], JSON),
        ({"numbers": [[1, 2], [3, 4]], "words": [["a", "b"], ["c", None]]}, JSON),
        ([{"numbers": [1, 2], "words": ["a", "b"]}, {"words": ["c", ""], "numbers": [3, 4]}], JSON),
        ("n,m,v,w\n1,2,a,b\n3,4,c,\n", CSV),
    ):
        assert _document(tmp_path, body, kind) == expected
    with pytest.raises(ClientError, match="row 1 of 'words' is a list of 1, and the model takes a list of 2"):
        _document(tmp_path, {"numbers": [[1, 2], [3, 4]], "words": [["a", "b"], ["c"]]})
    with pytest.raises(ClientError, match="row 0, value 1 of column 'numbers', counted from 0: 'x' is no number"):
        _document(tmp_path, {"numbers": [1, "x"], "words": ["a", "b"]})
    with pytest.raises(ClientError, match=r"row 1, column 3, counted from 0: 1\.5 is no text, and text is expected"):
        _document(tmp_path, [[1, 2, "a", "b"], [3, 4, "c", 1.5]])


@pytest.mark.parametrize("sides", [[None, 1], [None], ["rows", 1]])
def test_one_column_of_words(tmp_path: Path, sides: list[Any]) -> None:
    table_graphs.write_words(tmp_path / "model.onnx", sides=sides)
    for body, kind in (
        (["A Cat", "ÄRGER, twice"], JSON),
        ([["A Cat"], ["ÄRGER, twice"]], JSON),
        ([{"text": "A Cat"}, {"text": "ÄRGER, twice"}], JSON),
        ('text\nA Cat\n"ÄRGER, twice"\n', CSV),
        ('A Cat\n"ÄRGER, twice"', CSV),
        (npy(["A Cat", "ÄRGER, twice"]), NPY),
    ):
        assert _document(tmp_path, body, kind) == {"words": ["a cat", "ärger, twice"]}
    assert _document(tmp_path, '"A Cat"') == {"words": ["a cat"]}


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ([{**_PERSON, "cty": "Oslo"}], JSON, "row 0 has a column 'cty', which the model has not, did you mean 'city'?"),
        (
            [_PERSON, {"age": 1, "income": 2, "city": "Oslo"}],
            JSON,
            "row 1 lacks the column 'is_member'; the model takes 'age', 'income', 'city', 'is_member'$",
        ),
        ({"age": 1}, JSON, "the object lacks the columns 'income', 'city', 'is_member'; the model takes 'age', "),
        ({}, JSON, "the object lacks the columns 'age', "),
        ({"ages": [1]}, JSON, "the object has a column 'ages', which the model has not, did you mean 'age'?"),
        ({**_PERSON, "is member": True}, JSON, "the object has the column 'is_member' twice; send it once"),
        ("age,income,town,is_member\n1,2,Oslo,true", CSV, "the first row, which has no value .*, has a column 'town',"),
        (",age,income,city,is_member\n0,1,2,Oslo,true", CSV, r"has one without a name; .*to_csv\(index=False\)"),
        ("age,income,city,is_member\n1,2,Oslo", CSV, "row 0 has 3 cells, and there are 4 names of columns"),
        (
            [[1, 2, "Oslo"]],
            JSON,
            "row 0, counted from 0, has 3 columns, and the model takes 4: 'age', 'income', 'city'",
        ),
        ("1,2,Oslo,true\n1,2,Oslo,true,9\n", CSV, "row 1, counted from 0, has 5 columns, and the model takes 4: "),
        ([_PERSON, {**_PERSON, "age": "old"}], JSON, "row 1, column 'age', counted from 0: 'old' is no number, and a "),
        ([[1, "2", "Oslo", True]], JSON, "row 0, column 'income', counted from 0: '2' is no number"),
        ("1,2,Oslo,true\n1,much,Oslo,true\n", CSV, "row 1, column 'income', counted from 0: 'much' is no number"),
        ([{**_PERSON, "age": 1.5}], JSON, "row 0, column 'age', counted from 0: 1.5 is no whole number, and a whole"),
        (
            [{**_PERSON, "age": None}],
            JSON,
            "row 0, column 'age', counted from 0: there is no value, and this column of",
        ),
        ([{**_PERSON, "age": 2**70}], JSON, "row 0, column 'age', counted from 0: 11805.* is not from -922.* to 922"),
        ([{**_PERSON, "income": 10**400}], JSON, "column 'income', counted from 0: 1000.* is too large for a number"),
        ([{**_PERSON, "is_member": None}], JSON, "column 'is_member', counted from 0: there is no value, and this"),
        ([{**_PERSON, "is_member": "perhaps"}], JSON, "column 'is_member', counted from 0: 'perhaps' is neither true"),
        (
            [{**_PERSON, "city": 1.5}],
            JSON,
            "column 'city', counted from 0: 1.5 is no text, and text is expected; write",
        ),
        ([{**_PERSON, "city": {"a": 1}}], JSON, "column 'city', counted from 0: {'a': 1} is no text"),
        ([{**_PERSON, "city": "Paris"}], JSON, "the model refuses a value of these rows: .*Unknown Category"),
        (
            {**_PERSON, "age": [1, 2]},
            JSON,
            "'income' has a value for one row, and 'age' a list for several; send lists",
        ),
        (
            {name: [1] * (1 + (name == "age")) for name in _PERSON},
            JSON,
            "different numbers of rows: 'age' 2, 'income' 1",
        ),
        ({name: [] for name in _PERSON}, JSON, "there is no row; send at least one"),
        ([], JSON, "there is no row; send at least one"),
        ({"instances": []}, JSON, "there is no row; send at least one"),
        ("", CSV, "there is no row; send at least one"),
        ("age,income,city,is_member\n", CSV, "there is no row; send at least one"),
        (npy(np.zeros((0, 4))), NPY, "there is no row; send at least one"),
        (npy(np.zeros((2, 2, 4))), NPY, "the array has 3 dimensions; send one of rows and columns"),
        (npy(np.zeros((2, 3))), NPY, "row 0, counted from 0, has 3 columns, and the model takes 4: "),
        (npy(np.zeros((2, 4))), NPY, "row 0, column 'city', counted from 0: 0.0 is no text"),
        ([_PERSON, [1, 2, "Oslo", True]], JSON, "row 0 is an object, and row 1 is a list; send rows of one kind"),
        ([{"features": [1]}, _PERSON], JSON, "row 0 has 'features', and another has not; send rows of one kind"),
        ({"columns": ["age"], "data": 3}, JSON, "'data' beside 'columns' must be a list of rows, each a list"),
        ({"columns": 3, "data": [[1]]}, JSON, "'columns' must be a list of names"),
        (5, JSON, "row 0, counted from 0, has 1 column, and the model takes 4: "),
        ("{", JSON, "the body is not valid application/json: "),
        ("", JSON, "the body is not valid application/json: "),
        (b"\xff\xfe\xff", CSV, "the body is not valid text/csv: .*decode"),
        (b"\xff\xfe\xff", NPY, "the body is not valid application/x-npy: "),
        ('{"instances": ' * 900 + "[]" + "}" * 900, JSON, "the document has too many levels|is not valid|no row"),
    ],
)
def test_what_fits_no_column_is_named(tmp_path: Path, body: Any, kind: str, says: str) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    with pytest.raises(ClientError, match=says):
        _document(tmp_path, body, kind)


def test_columns_without_names_are_numbered(tmp_path: Path) -> None:
    table_graphs.write_tree(tmp_path / "fraud.onnx")
    with pytest.raises(ClientError, match=r"has 3 columns, and the model takes 4: 'X' \(4 columns\)$"):
        _document(tmp_path, [[1, 2, 3]])
    with pytest.raises(ClientError, match="row 1, column 2, counted from 0: 'x' is no number"):
        _document(tmp_path, "1,2,3,4\n1,2,x,4\n", CSV)
    with pytest.raises(ClientError, match=r"has a column 'age', which the model has not; it takes 'X' \(4 columns\)"):
        _document(tmp_path, {"age": 41})


def test_the_name_of_the_one_column_is_not_the_inputs(tmp_path: Path) -> None:
    table_graphs.write_copy(tmp_path / "model.onnx", TensorProto.FLOAT)
    for names in ("age", "X"):
        assert _document(tmp_path, f"{names}\n41\n30\n", CSV) == {"Y": [41.0, 30.0]}


def test_any_number_of_columns(tmp_path: Path) -> None:
    table_graphs.write_regressor(tmp_path / "model.onnx", width=None)
    assert _document(tmp_path, [[1, 2, 3], [4, 5, 6]]) == {"variable": [6.0, 15.0]}
    with pytest.raises(ClientError, match="row 1, counted from 0, has 2 columns, and the model takes 3: 'X'"):
        _document(tmp_path, [[1, 2, 3], [4, 5]])


def test_a_regressor_answers_a_number_a_row_or_a_list(tmp_path: Path) -> None:
    table_graphs.write_regressor(tmp_path / "model.onnx")
    assert _document(tmp_path, [[1, 2, 3], [4, 5, 6]]) == {"variable": [6.0, 15.0]}
    assert _answer(tmp_path, "1,2,3\n4,5,6\n", CSV, CSV) == b"6.0\n15.0\n"
    assert np.load(io.BytesIO(_answer(tmp_path, [[1, 2, 3]], accept=NPY))).tolist() == [6]
    table_graphs.write_regressor(tmp_path / "model.onnx", outputs=2)
    assert _document(tmp_path, [[1, 2, 3], [4, 5, 6]]) == {"variable": [[6.0, 12.0], [15.0, 30.0]]}
    assert _document(tmp_path, "[[NaN, 1, 2]]") == {"variable": [[None, None]]}


def test_a_row_of_csv_that_misses_every_value_has_its_answer(tmp_path: Path) -> None:
    table_graphs.write_tree(tmp_path / "t.onnx")
    assert _document(tmp_path, "0,0,3,0\n,,,\n\n0,0,2,0\n,,,\n \n", CSV)["label"] == [1, 0, 0, 0]
    table_graphs.write_copy(tmp_path / "model.onnx", TensorProto.FLOAT)
    # pandas writes "" for the missing value of a table of one column.
    assert _document(tmp_path, 'x\n1\n""\n3\n""\n', CSV) == {"Y": [1.0, None, 3.0, None]}


def test_answers_as_csv_and_npy(tmp_path: Path) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    assert _answer(tmp_path, [_PERSON, _CHILD], accept=CSV) == b"yes,0.25,0.75\nno,1.0,0.0\n"
    assert np.load(io.BytesIO(_answer(tmp_path, [_PERSON, _CHILD], accept=NPY))).tolist() == ["yes", "no"]
    table_graphs.write_two_matrices(tmp_path / "fraud.onnx")
    assert _answer(tmp_path, [[1, 2, "a,b", 'c"d']], accept=CSV) == b'3.0,"a,b","c""d"\n'
    with pytest.raises(UnsupportedMediaTypeError, match="'image/png' cannot be answered; accept application/json"):
        _answer(tmp_path, [[1, 2, "a", "b"]], accept="image/png")
    with pytest.raises(UnsupportedMediaTypeError, match="content type 'image/png' is no table's; send application/jso"):
        _answer(tmp_path, b"\x89PNG", "image/png")


@pytest.mark.parametrize("rows", [None, 1, 2])
def test_a_list_of_arrays_for_several_targets(tmp_path: Path, rows: int | None) -> None:
    table_graphs.write_sequence(tmp_path / "model.onnx", rows=rows)
    sent = [[1, 2], [3, 4], [5, 6]]
    assert _document(tmp_path, sent) == {"both": [sent, sent]}
    assert _answer(tmp_path, sent, accept=CSV).splitlines()[2] == b"5.0,6.0,5.0,6.0"


@pytest.mark.parametrize("maps", [True, False])
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_graph_of_so_many_rows_takes_any_number(tmp_path: Path, batch: int, maps: bool) -> None:
    table_graphs.write_tree(tmp_path / "fraud.onnx", rows=batch, maps=maps)
    answer = _document(tmp_path, [[0, 0, number, 0] for number in range(5)])
    assert answer["label"] == [0, 0, 0, 1, 1]
    assert len(answer["probabilities"]) == 5


@pytest.mark.parametrize(
    ("kind", "sent", "answered"),
    [
        (TensorProto.INT8, [-128, 127], [-128, 127]),
        (TensorProto.UINT8, [0, 255], [0, 255]),
        (TensorProto.UINT64, [2**64 - 1, 0], [2**64 - 1, 0]),
        (TensorProto.INT64, [2**63 - 1, -(2**63)], [2**63 - 1, -(2**63)]),
        (TensorProto.INT32, [True, 2.0], [1, 2]),
        (TensorProto.FLOAT16, [0.5, None], [0.5, None]),
        (TensorProto.FLOAT, [1e39, -2], [None, -2]),
        (TensorProto.BOOL, [0, True], [False, True]),
        (TensorProto.STRING, ["NaN", 7], ["NaN", "7"]),
    ],
)
def test_cells_keep_their_types(tmp_path: Path, kind: int, sent: list[Any], answered: list[Any]) -> None:
    table_graphs.write_copy(tmp_path / "model.onnx", kind)
    assert _document(tmp_path, sent) == {"Y": answered}
    text = "\n".join("" if cell is None else str(cell) for cell in sent)
    if None not in sent and kind != TensorProto.INT32:
        assert _document(tmp_path, text, CSV) == {"Y": answered}


@pytest.mark.parametrize(
    ("kind", "sent", "says"),
    [
        (TensorProto.UINT8, [3, 256], "row 1, column 'X', counted from 0: '?256'? is not from 0 to 255"),
        (TensorProto.INT8, [-129], "row 0, column 'X', counted from 0: '?-129'? is not from -128 to 127"),
        (TensorProto.UINT64, [-1], "'?-1'? is not from 0 to 18446744073709551615"),
        (TensorProto.BOOL, [2], "'?2'? is neither true nor false"),
    ],
)
def test_cells_beyond_their_type(tmp_path: Path, kind: int, sent: list[Any], says: str) -> None:
    table_graphs.write_copy(tmp_path / "model.onnx", kind)
    for body, content_type in ((sent, JSON), ("\n".join(map(str, sent)), CSV)):
        with pytest.raises(ClientError, match=says):
            _document(tmp_path, body, content_type)


def test_a_program_for_less_has_the_same_model(tmp_path: Path) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    hooks = load_hooks(tmp_path, "def output_fn(prediction, accept):\n    return prediction['output_label'][0]\n")
    assert answer_of(hooks, tmp_path, json.dumps(_PERSON).encode(), JSON)[0] == b"yes"
    (tmp_path / "own").mkdir()
    table_graphs.write_tree(tmp_path / "own/model.onnx")
    own = "def input_fn(body, kind):\n    return [[0, 0, 3, 0]]\n\ndef predict_fn(rows, model):\n"
    hooks = load_hooks(tmp_path / "own", f"{own}    return model.predict(rows)['label'] + 1\n")
    assert answer_of(hooks, tmp_path / "own", b"", JSON)[0] == b"[2]"


def test_models_that_are_none_of_tables_say_so(tmp_path: Path) -> None:
    def load() -> None:
        UserHooks.load(tmp_path).model_fn(str(tmp_path))

    with pytest.raises(
        ModelLoadError, match=r"needs \S+/code/inference.py, and there is none, nor one model of a table"
    ):
        load()
    write_ultralytics_onnx(tmp_path / "net.onnx")
    with pytest.raises(
        ModelLoadError, match=r"'images' of net.onnx is tensor\(float\) of shape 1x3x416x416, and without"
    ):
        load()
    (tmp_path / "net.onnx").write_text("no graph")
    with pytest.raises(ModelLoadError, match=r"net\.onnx is not a graph that ONNX Runtime loads"):
        load()
    table_graphs.write_tree(tmp_path / "other.onnx")
    with pytest.raises(ModelLoadError, match="nor one model of a table"):
        load()
    table_graphs.write_tree(tmp_path / "model.onnx")
    load()


def test_a_thousand_rows_take_no_time(tmp_path: Path) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    hooks = UserHooks.load(tmp_path)
    model = hooks.model_fn(str(tmp_path))
    body = json.dumps([{**_PERSON, "age": number % 90} for number in range(1000)]).encode()
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        hooks.output_fn(hooks.predict_fn(hooks.input_fn(body, JSON), model), None)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.05
