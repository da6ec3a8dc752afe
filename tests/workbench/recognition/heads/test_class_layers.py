"""Names of layers as torchvision, TensorFlow's Object Detection and RT-DETR export them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.workbench.recognition import onnx_files
from workbench.recognition.heads import _class_layers


@pytest.mark.parametrize(
    ("weights", "count"),
    [
        # Faster R-CNN, whose first stage has layers of the same names.
        (
            {
                "rpn.head.cls_logits.bias": (15,),
                "rpn.head.bbox_pred.bias": (60,),
                "roi_heads.box_predictor.cls_score.bias": (91,),
                "roi_heads.box_predictor.bbox_pred.bias": (364,),
            },
            91,
        ),
        # RetinaNet, with nine anchors.
        (
            {
                "head.classification_head.conv.0.0.weight": (256, 256, 3, 3),
                "head.classification_head.cls_logits.bias": (819,),
                "head.regression_head.bbox_reg.bias": (36,),
            },
            91,
        ),
        # FCOS.
        (
            {
                "head.classification_head.cls_logits.weight": (21, 256, 3, 3),
                "head.regression_head.bbox_reg.weight": (4, 256, 3, 3),
                "head.regression_head.bbox_ctrness.weight": (1, 256, 3, 3),
            },
            21,
        ),
        # SSD of TensorFlow, with three and six anchors.
        (
            {
                "BoxPredictor_0/ClassPredictor/biases/read:0": (273,),
                "BoxPredictor_0/BoxEncodingPredictor/biases/read:0": (12,),
                "BoxPredictor_1/ClassPredictor/biases/read:0": (546,),
                "BoxPredictor_1/BoxEncodingPredictor/biases/read:0": (24,),
            },
            91,
        ),
        # EfficientDet of TensorFlow.
        (
            {
                "WeightSharedConvolutionalClassHead/ClassPredictor/bias": (810,),
                "WeightSharedConvolutionalBoxHead/BoxPredictor/bias": (36,),
            },
            90,
        ),
        # Faster R-CNN of TensorFlow: boxes for each class but the background.
        (
            {
                "FirstStageBoxPredictor/ClassPredictor/biases": (24,),
                "FirstStageBoxPredictor/BoxEncodingPredictor/biases": (48,),
                "SecondStageBoxPredictor/ClassPredictor/biases": (91,),
                "SecondStageBoxPredictor/BoxEncodingPredictor/biases": (360,),
            },
            91,
        ),
        ({"model.enc_score_head.bias": (80,), "model.decoder.class_embed.0.bias": (80,)}, 80),
        ({"model.enc_score_head.bias": (80,), "model.decoder.class_embed.0.bias": (81,)}, None),
        ({"head.classification_head.cls_logits.bias": (819,)}, None),
        ({"conv.weight": (8, 3, 3, 3)}, None),
        ({}, None),
    ],
)
def test_classes_are_counted(tmp_path: Path, weights: Mapping[str, Sequence[int]], count: int | None) -> None:
    file = onnx_files.write(tmp_path / "model.onnx", {"boxes": np.zeros((1, 4), np.float32)}, weights=weights)
    assert _class_layers.count(file) == count
