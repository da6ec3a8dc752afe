from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ipc_ai_serving.engines.onnxruntime import onnx_graph, onnx_joined_maps, onnx_shortcuts
from ipc_ai_serving.engines.onnxruntime.onnx_graph import Graph

_ROWS, _COLUMNS = 6, 8


class _Net:
    """Two maps, joined, and a convolution of one pixel over both; a map at half the size is enlarged first.

    Attributes:
        nodes: in order, to be changed before it is built.
        kernels: (48, channels, 1, 1).
    """

    def __init__(self, *channels: int, enlarged: Sequence[int] = (), bias: bool = True) -> None:
        random = np.random.default_rng(0)
        self.kernels = random.normal(size=(48, sum(channels), 1, 1)).astype(np.float32)
        self._bias = random.normal(size=48).astype(np.float32)
        self.scales: npt.ArrayLike = np.array([1, 1, 2, 2], np.float32)
        self.outputs = ["result"]
        self.operators = 13
        self.nodes: list[Any] = []
        names = []
        for number in range(len(channels)):
            self.nodes.append(
                helper.make_node("Slice", ["maps", f"first_{number}", f"last_{number}", "axis"], [f"map_{number}"])
            )
            names.append(f"map_{number}")
            if number in enlarged:
                self.nodes.append(
                    helper.make_node("MaxPool", [names[-1]], [f"half_{number}"], kernel_shape=[2, 2], strides=[2, 2])
                )
                self.nodes.append(
                    helper.make_node(
                        "Resize",
                        [f"half_{number}", "", "scales"],
                        [f"whole_{number}"],
                        mode="nearest",
                        coordinate_transformation_mode="asymmetric",
                        nearest_mode="floor",
                    )
                )
                names[-1] = f"whole_{number}"
        self._starts = np.cumsum([0, *channels])
        self.nodes.append(helper.make_node("Concat", names, ["joined"], axis=1))
        given = ["joined", "kernels", *(["bias"] if bias else [])]
        self.nodes.append(helper.make_node("Conv", given, ["result"], name="last", kernel_shape=[1, 1]))

    def node(self, kind: str) -> Any:
        return next(node for node in self.nodes if node.op_type == kind)

    def build(self) -> Any:
        constants: dict[str, npt.ArrayLike] = {
            "kernels": self.kernels,
            "bias": self._bias,
            "scales": self.scales,
            "axis": np.array([1]),
        }
        for number in range(len(self._starts) - 1):
            constants |= {
                f"first_{number}": self._starts[number : number + 1],
                f"last_{number}": self._starts[number + 1 : number + 2],
            }
        maps = helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["N", int(self._starts[-1]), _ROWS, _COLUMNS])
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self.outputs]
        weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
        graph = helper.make_graph(self.nodes, "net", [maps], outputs, weights)
        operators = [helper.make_opsetid("", self.operators), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=operators, ir_version=8)


def _kinds(graph: Path | bytes) -> Counter[str]:
    model = onnx.load_from_string(graph) if isinstance(graph, bytes) else onnx.load(str(graph))
    return Counter(node.op_type for node in model.graph.node)


def _answers(graph: Path | bytes, channels: int) -> list[npt.NDArray[np.float32]]:
    import onnxruntime

    maps = np.random.default_rng(1).normal(size=(2, channels, _ROWS, _COLUMNS)).astype(np.float32)
    source = graph if isinstance(graph, bytes) else str(graph)
    answers: list[npt.NDArray[np.float32]] = onnxruntime.InferenceSession(source).run(None, {"maps": maps})
    return answers


def _saved(net: _Net, folder: Path) -> Path:
    onnx.save(net.build(), str(folder / "net.onnx"))
    return folder / "net.onnx"


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("enlarged", [(), (0,), (1,), (0, 1)])
def test_each_map_is_convolved_for_itself(tmp_path: Path, enlarged: tuple[int, ...], bias: bool) -> None:
    path = _saved(_Net(32, 16, enlarged=enlarged, bias=bias), tmp_path)
    changed = onnx_shortcuts.shortened(path)
    assert isinstance(changed, bytes)
    kinds = _kinds(changed)
    assert (kinds["Concat"], kinds["Conv"], kinds["Add"], kinds["Resize"]) == (0, 2, 1, len(enlarged))
    for ours, theirs in zip(_answers(changed, 48), _answers(path, 48), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_small_maps_are_enlarged_after_their_convolution(tmp_path: Path) -> None:
    graph = onnx.load_from_string(onnx_shortcuts.shortened(_saved(_Net(32, 16, enlarged=[0]), tmp_path))).graph
    (enlarging,) = (node for node in graph.node if node.op_type == "Resize")
    (convolution,) = (node for node in graph.node if enlarging.input[0] in node.output)
    assert (convolution.op_type, list(convolution.input)[:1]) == ("Conv", ["half_0"])
    (other,) = (node for node in graph.node if node.op_type == "Conv" and node != convolution)
    assert (len(convolution.input), len(other.input)) == (2, 3)  # a bias is not enlarged where it need not be


def test_steps_of_no_pixel_are_left_to_the_runtime(tmp_path: Path) -> None:
    net = _Net(32, 16)
    net.nodes.append(helper.make_node("MaxPool", ["joined"], ["second"], kernel_shape=[2, 2], strides=[0, 0]))
    net.nodes.append(helper.make_node("Conv", ["joined", "kernels"], ["third"], kernel_shape=[1, 1]))
    net.nodes[-2].input[0] = "result"  # not of what is joined, which would be reason enough
    path = _saved(net, tmp_path)
    assert onnx_shortcuts.shortened(path) == path  # ONNX's own inference of shapes would end the process


def test_all_convolutions_of_the_same_two_maps(tmp_path: Path) -> None:
    net = _Net(32, 16, enlarged=[0])
    net.nodes.append(helper.make_node("Conv", ["joined", "kernels"], ["second"], kernel_shape=[1, 1]))
    net.outputs.append("second")
    path = _saved(net, tmp_path)
    changed = onnx_shortcuts.shortened(path)
    assert _kinds(changed)["Concat"] == 0
    for ours, theirs in zip(_answers(changed, 48), _answers(path, 48), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def _read_by_another(net: _Net) -> None:
    net.nodes.append(helper.make_node("Relu", ["joined"], ["second"]))
    net.outputs.append("second")


def _an_output(net: _Net) -> None:
    net.outputs.append("joined")


def _of_three_pixels(net: _Net) -> None:
    net.kernels = np.repeat(np.repeat(net.kernels, 3, axis=2), 3, axis=3)
    _set(net.node("Conv"), kernel_shape=[3, 3])


def _in_steps(net: _Net) -> None:
    _set(net.node("Conv"), kernel_shape=[1, 1], strides=[2, 2])


def _in_groups(net: _Net) -> None:
    net.kernels = net.kernels[:, :24]
    _set(net.node("Conv"), kernel_shape=[1, 1], group=2)


def _along_rows(net: _Net) -> None:
    _set(net.node("Concat"), axis=2)
    net.kernels = net.kernels[:, :24]


def _of_few_filters(net: _Net) -> None:
    net.kernels = net.kernels[:40]
    del net.node("Conv").input[2]


def _of_three_pixels_that_are_not_told(net: _Net) -> None:
    net.kernels = np.repeat(np.repeat(net.kernels, 3, axis=2), 3, axis=3)
    del net.node("Conv").attribute[:]


@pytest.mark.parametrize(
    ("channels", "change"),
    [
        ((32, 16), _of_three_pixels_that_are_not_told),
        ((32, 16), _read_by_another),
        ((32, 16), _an_output),
        ((32, 16), _of_three_pixels),
        ((32, 16), _in_steps),
        ((32, 16), _in_groups),
        ((24, 24), _along_rows),
        ((32, 16), _of_few_filters),
        ((24, 24), lambda _: None),
        ((16, 16, 16), lambda _: None),
    ],
)
def test_what_is_another_stays(tmp_path: Path, channels: tuple[int, ...], change: Callable[[_Net], None]) -> None:
    net = _Net(*channels)
    change(net)
    path = _saved(net, tmp_path)
    assert _answers(path, 48)  # the runtime takes it
    assert onnx_shortcuts.shortened(path) == path


def _between_pixels(net: _Net) -> None:
    _set(net.node("Resize"), mode="linear", coordinate_transformation_mode="half_pixel")


def _of_a_region(net: _Net) -> None:
    _set(net.node("Resize"), mode="nearest", coordinate_transformation_mode="tf_crop_and_resize")
    net.node("Resize").input[1] = "region"
    region = numpy_helper.from_array(np.array([0, 0, 0, 0, 1, 1, 0.5, 0.5], np.float32))
    net.nodes.insert(0, helper.make_node("Constant", [], ["region"], value=region))


def _to_a_size(net: _Net) -> None:
    enlarging = net.node("Resize")
    enlarging.input[2] = ""
    enlarging.input.append("size")
    size = numpy_helper.from_array(np.array([2, 32, _ROWS, _COLUMNS]))
    net.nodes.insert(0, helper.make_node("Constant", [], ["size"], value=size))


def _along_named_axes(net: _Net) -> None:
    net.operators = 18
    enlarging = net.node("Resize")
    enlarging.attribute.append(helper.make_attribute("axes", [0, 1, 2, 3]))


def _smaller(net: _Net) -> None:
    net.scales = np.array([1, 1, 0.5, 0.5], np.float32)
    _set(net.node("MaxPool"), kernel_shape=[1, 1])
    net.nodes.insert(-2, helper.make_node("MaxPool", ["map_1"], ["half"], kernel_shape=[2, 2], strides=[2, 2]))
    net.node("Concat").input[1] = "half"


@pytest.mark.parametrize("change", [_between_pixels, _of_a_region, _to_a_size, _along_named_axes, _smaller])
def test_a_map_that_is_enlarged_otherwise_is_joined_no_more_and_enlarged_as_before(
    tmp_path: Path, change: Callable[[_Net], None]
) -> None:
    net = _Net(32, 16, enlarged=[0])
    change(net)
    path = _saved(net, tmp_path)
    changed = onnx_shortcuts.shortened(path)
    assert isinstance(changed, bytes)
    graph = onnx.load_from_string(changed).graph
    (enlarging,) = (node for node in graph.node if node.op_type == "Resize")
    assert enlarging.input[0] == "half_0"
    for ours, theirs in zip(_answers(changed, 48), _answers(path, 48), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_map_that_gets_more_channels_stays(tmp_path: Path) -> None:
    net = _Net(32, 16, enlarged=[0])
    net.scales = np.array([1, 2, 2, 2], np.float32)
    net.nodes = [node for node in net.nodes if "map_0" not in node.output]
    net.node("MaxPool").input[0] = "map_1"
    path = _saved(net, tmp_path)
    assert _answers(path, 48)
    assert onnx_shortcuts.shortened(path) == path


def test_kernels_of_another_type_and_operators_of_another_domain_stay() -> None:
    halves, elsewhere = _Net(32, 16, bias=False), _Net(32, 16)
    halves.kernels = halves.kernels.astype(np.float16)
    elsewhere.node("Conv").domain = "com.microsoft.nchwc"
    for net in (halves, elsewhere):
        model = net.build()
        assert not onnx_joined_maps.convolved_apart(Graph(model.graph), model)


def test_a_graph_whose_shapes_contradict_each_other_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def contradicts(_model: Any) -> dict[str, int]:
        raise onnx.shape_inference.InferenceError("no")

    monkeypatch.setattr(onnx_graph, "map_channels", contradicts)
    model = _Net(32, 16).build()
    assert not onnx_joined_maps.convolved_apart(Graph(model.graph), model)


def _set(node: Any, **values: Any) -> None:
    del node.attribute[:]
    node.attribute.extend(helper.make_attribute(name, value) for name, value in values.items())
