"""Conditions of the template on what a name of SageMaker's instance types, ``ml.FAMILY.SIZE``, tells of the machine.

The first letter of a family tells GPUs (``g``, ``p``), and is all that a condition needs.
"""

from __future__ import annotations

import itertools

from aws_cdk import Fn, ICfnConditionExpression

from stacks.conditions import any_of, begins_with, differs, equals

_GPU = ("ml.g", "ml.p")
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html, KmsKeyId, names the kind; the
# families are those of EC2 with instance storage. A "d" in a family's name stands for it:
# https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html. These have it without the letter. A
# beginning stands for all that follow, because each comparison takes time whenever the template is checked.
_LOCAL_STORAGE = "d"
_LOCAL_STORAGE_FAMILIES = ("g5", "g7e", "i3en")
_LOCAL_STORAGE_BEGINNINGS = ("g6", "gr6", "p5", "p6", "trn")
_GRAVITON = (
    "c6g",
    "c6gd",
    "c6gn",
    "c7g",
    "c8g",
    "g5g",
    "m6g",
    "m6gd",
    "m7g",
    "m8g",
    "r6g",
    "r6gd",
    "r7g",
    "r8g",
    "t4g",
)
_GRAVITON_SIZES = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge")
_FIRST_INFERENTIA = ("inf1.xlarge", "inf1.2xlarge", "inf1.6xlarge", "inf1.24xlarge")
_NEURON = (
    *_FIRST_INFERENTIA,
    *("inf2.xlarge", "inf2.8xlarge", "inf2.24xlarge", "inf2.48xlarge"),
    *("trn1.2xlarge", "trn1.32xlarge", "trn1n.32xlarge", "trn2.3xlarge", "trn2.48xlarge"),
)

# Each name takes time whenever the template is checked, so the list has real sizes alone.
OTHER_IMAGES = [f"ml.{family}.{size}" for family, size in itertools.product(_GRAVITON, _GRAVITON_SIZES)]
OTHER_IMAGES += [f"ml.{name}" for name in _NEURON]
"""Types that an image for x86-64 does not run on, or not on what they are paid for: Graviton, Inferentia, Trainium."""
FIRST_INFERENTIA = [f"ml.{name}" for name in _FIRST_INFERENTIA]
"""Types with the first Inferentia, for which SageMaker lacks some kinds of variants."""


def has_gpu(instance_type: str) -> ICfnConditionExpression:
    """The type has a GPU of NVIDIA's."""
    return any_of(*(begins_with(instance_type, beginning) for beginning in _GPU))


def has_local_storage(instance_type: str) -> ICfnConditionExpression:
    """The type's disk is its own: the hardware encrypts it, and SageMaker takes no key for it."""
    family = Fn.select(1, Fn.split(".", instance_type))
    return any_of(
        differs(Fn.select(0, Fn.split(_LOCAL_STORAGE, family)), family),
        *(equals(family, name) for name in _LOCAL_STORAGE_FAMILIES),
        *(begins_with(family, beginning) for beginning in _LOCAL_STORAGE_BEGINNINGS),
    )
