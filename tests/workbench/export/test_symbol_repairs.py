from __future__ import annotations

import json

import numpy as np

from workbench.export.symbol_repairs import exportable, ignored_gammas, repaired_roi_align


def test_regions_of_no_frame_give_zeros_and_leave_the_others_alone() -> None:
    import mxnet as mx

    symbol = mx.sym.contrib.ROIAlign(
        mx.sym.Variable("data"), mx.sym.Variable("rois"), pooled_size=(2, 2), spatial_scale=1.0, sample_ratio=2
    )
    repaired = mx.sym.load_json(repaired_roi_align(symbol.tojson()))
    rois = mx.nd.array([[0, 2, 2, 20, 20], [-1, -1, -1, -1, -1], [0, 4, 4, 10, 10], [-1, 2, 2, 20, 20]])
    (out,) = repaired.bind(mx.cpu(), {"data": mx.nd.ones((1, 4, 32, 32)), "rois": rois}).forward()
    np.testing.assert_array_equal(out.asnumpy()[[1, 3]], 0)
    np.testing.assert_array_equal(out.asnumpy()[2], 1)
    again = repaired_roi_align(repaired.tojson())
    assert again == repaired.tojson()


def test_defaults_that_the_exporter_reads_otherwise_are_written_out() -> None:
    import mxnet as mx

    data = mx.sym.Variable("data")
    dense = mx.sym.FullyConnected(mx.sym.BatchNorm(data, name="norm"), num_hidden=2, name="dense")
    symbol = mx.sym.SoftmaxActivation(dense, mode="channel").tojson()
    document = json.loads(symbol)
    for node in document["nodes"]:
        node.get("attrs", {}).pop("flatten", None)
    nodes = {node["op"]: node for node in json.loads(exportable(json.dumps(document)))["nodes"]}
    assert nodes["FullyConnected"]["attrs"]["flatten"] == "True"
    assert nodes["softmax"]["attrs"] == {"axis": "1"}
    assert ignored_gammas(symbol) == {"norm_gamma"}
