"""Arguments of ``compare-models``, and values that do not go together."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench import places, regions
from workbench.capacity import prices, throughput
from workbench.errors import ComparisonError
from workbench.number_arguments import number, whole_number
from workbench.recognition import recogniser as recognition

_COMPARISONS = places.OUTPUT / "compare-models"
_DEFAULT_STACK = "ipc-ai-saas"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    model = "a model of the catalogue, a model folder, a packed model or an .onnx file; MODEL@ENGINE for one engine"
    parser.add_argument("current", metavar="CURRENT", help=model)
    parser.add_argument("candidate", metavar="CANDIDATE", help="another one, which is compared with it")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--events", metavar="s3://BUCKET/PREFIX", help="stored events, or other frames in S3")
    source.add_argument("--frames", type=Path, metavar="DIR", help="a folder of frames, in a folder a camera or in one")
    parser.add_argument(
        "--sample", type=whole_number(1), default=200, metavar="N", help="most frames, spread evenly (default: 200)"
    )
    parser.add_argument("--seed", type=whole_number(0), default=1, metavar="N", help="chooses the sample (default: 1)")
    parser.add_argument("--application", help="what serves them, where models serve several applications")
    recognition.add_arguments(parser)
    parser.add_argument(
        "--min-confidence", type=number, default=0.5, metavar="C", help="weakest box that counts (default: 0.5)"
    )
    parser.add_argument("--labels", type=Path, metavar="DIR", help="labelled frames, for the accuracy of detectors")
    parser.add_argument(
        "--pictures", type=whole_number(0), default=12, metavar="N", help="most pictures to draw (default: 12)"
    )
    parser.add_argument("--instance", metavar="TYPE", help="instance type of the costs, and of the jobs")
    parser.add_argument("--prices", type=Path, default=prices.PRICES, metavar="FILE", help="a price table of your own")
    parser.add_argument("--region", type=regions.argument, help="region of the bucket, the stack and the prices")
    parser.add_argument("--profile", help="profile of the AWS configuration")
    parser.add_argument("--store", type=Path, default=places.MODEL_STORE, help="folder of fetched models")
    parser.add_argument(
        "--output", type=Path, default=_COMPARISONS, metavar="DIR", help="for all files (default: out/compare-models)"
    )
    parser.add_argument("--json", action="store_true", help="print the JSON document in place of tables")
    jobs = parser.add_argument_group("batch transform, for many frames of --events")
    jobs.add_argument("--transform", action="store_true", help="have SageMaker run both models over the frames")
    jobs.add_argument("--role", metavar="ARN", help="role that SageMaker takes on for that")
    jobs.add_argument(
        "--stack", default=_DEFAULT_STACK, metavar="NAME", help=f"whose image serves (default: {_DEFAULT_STACK})"
    )
    jobs.add_argument("--image", metavar="URI", help="another image")
    jobs.add_argument("--bucket", help="bucket for models and answers (default: the CDK's own)")


def check(arguments: argparse.Namespace) -> None:
    """Refuse values that do not go together, before anything is looked for.

    Raises:
        ComparisonError: two options, or an option and its value, do not fit.
        PlanError: the instance type is unknown.
    """
    if arguments.min_confidence > 1:
        raise ComparisonError(f"--min-confidence is {arguments.min_confidence:g}; write a score from 0 to 1")
    if not arguments.transform:
        for option in ("role", "image", "bucket"):
            if getattr(arguments, option):
                raise ComparisonError(f"--{option} is for --transform; add that, or leave --{option} out")
        if arguments.instance:
            throughput.instance_type(arguments.instance)
        return
    if arguments.frames:
        raise ComparisonError("--transform reads frames in S3; name them with --events s3://BUCKET/PREFIX")
    if arguments.labels:
        raise ComparisonError("--labels is for models that run here; leave --transform out")
    if not arguments.role:
        raise ComparisonError(
            "--transform needs a role that may read the frames and write answers, which the stack's own may not; name "
            "one with --role, as docs/security.md describes it"
        )
