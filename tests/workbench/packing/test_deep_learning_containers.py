"""Expected URIs from sagemaker-core 2.27.0, the source of the table."""

from __future__ import annotations

import re

import pytest

from stacks.parameters import image_uri
from workbench.errors import PackageError
from workbench.packing import deep_learning_containers


def _uri(framework: str, version: str | None, region: str, instance_type: str = "ml.c5.xlarge") -> str:
    return deep_learning_containers.image_uri(framework, version=version, region=region, instance_type=instance_type)


@pytest.mark.parametrize(
    ("framework", "version", "region", "instance_type", "uri"),
    [
        (
            *("pytorch", "2.6", "us-east-1", "ml.g4dn.xlarge"),
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-gpu-py312",
        ),
        (
            *("pytorch", "2.6.0", "cn-north-1", "ml.m5.xlarge"),
            "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/pytorch-inference:2.6.0-cpu-py312",
        ),
        (
            *("tensorflow", "2.19", "eu-west-1", "ml.c5.xlarge"),
            "763104351884.dkr.ecr.eu-west-1.amazonaws.com/tensorflow-inference:2.19.0-cpu",
        ),
        (
            *("tensorflow", "2.19", "cn-northwest-1", "ml.g4dn.2xlarge"),
            "727897471807.dkr.ecr.cn-northwest-1.amazonaws.com.cn/tensorflow-inference:2.19.0-gpu",
        ),
        (
            *("sklearn", "1.2-1", "us-east-1", "ml.m5.xlarge"),
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
        ),
        (
            *("mxnet", "1.9", "us-gov-west-1", "ml.c5.xlarge"),
            "442386744353.dkr.ecr.us-gov-west-1.amazonaws.com/mxnet-inference:1.9.0-cpu-py38",
        ),
        (
            *("mxnet", "1.4.1", "us-east-1", "ml.c5.xlarge"),
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/mxnet-inference:1.4.1-cpu-py3",
        ),
    ],
)
def test_account_host_and_tag(framework: str, version: str, region: str, instance_type: str, uri: str) -> None:
    assert _uri(framework, version, region, instance_type) == uri


def test_the_newest_version_is_the_default() -> None:
    assert _uri("pytorch", None, "us-east-1") == _uri("pytorch", "2.6", "us-east-1")


@pytest.mark.slow
def test_the_stack_takes_every_one_of_a_region_that_it_is_for() -> None:
    for framework, table in deep_learning_containers.frameworks().items():
        for region in ("us-east-1", "cn-north-1", "cn-northwest-1", "eu-central-1"):
            newest = list(table["versions"])[-1]
            assert re.fullmatch(image_uri.PATTERN, _uri(framework, newest, region)), (framework, region)


@pytest.mark.parametrize(
    ("framework", "version", "region", "instance_type", "says"),
    [
        ("onnx", None, "us-east-1", "ml.c5.xlarge", "AWS has no image for onnx; leave --image dlc out"),
        ("pytorch", "2.66", "us-east-1", "ml.c5.xlarge", "no image for pytorch 2.66.*there is 0.4.0"),
        ("pytorch", "2.6", "us-eats-1", "ml.c5.xlarge", "in us-eats-1, did you mean 'us-east-1'"),
        ("sklearn", None, "us-east-1", "ml.g4dn.xlarge", "runs on cpu alone, and ml.g4dn.xlarge is for gpu"),
        ("pytorch", None, "us-east-1", "ml.c7g.xlarge", "for x86-64, and ml.c7g.xlarge is not"),
        ("pytorch", None, "us-east-1", "ml.g5g.xlarge", "for x86-64"),
        ("pytorch", None, "us-east-1", "ml.inf2.xlarge", "for x86-64"),
        (
            "pytorch",
            None,
            "us-east-1",
            "c5",
            "'c5' is no instance type, did you mean 'ml.c5.large'.*write for example --instance ml.c5.xlarge",
        ),
        ("pytorch", None, "us-east-1", "ml.c5.larg", "'ml.c5.larg' is no instance type, did you mean 'ml.c5.large'"),
        ("mxnet", "1.9", "us-iso-east-1", "ml.c5.xlarge", "the stack takes no image of us-iso-east-1"),
    ],
)
def test_what_there_is_not(framework: str, version: str | None, region: str, instance_type: str, says: str) -> None:
    with pytest.raises(PackageError, match=says):
        _uri(framework, version, region, instance_type)
