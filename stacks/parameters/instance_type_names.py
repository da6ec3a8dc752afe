"""Form of SageMaker's instance types, ``ml.FAMILY.SIZE``; no CDK is imported, which takes seconds.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
"""

from __future__ import annotations

DEFAULT = "ml.g4dn.xlarge"
PATTERN = r"ml\.[a-z][a-z0-9-]*[0-9][a-z0-9-]*\.(nano|micro|small|medium|large|[0-9]*xlarge|metal)"
TAKES = "an instance type of SageMaker hosting, ml.FAMILY.SIZE, for example ml.g5.xlarge or ml.m5.xlarge"
