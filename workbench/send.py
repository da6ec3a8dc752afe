"""Be a camera: send one frame, print what was found, draw it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from workbench.annotation import annotate
from workbench.camera import send_frame
from workbench.report import detection_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("frame", type=Path, help="a JPEG or PNG file")
    parser.add_argument("--url", default="http://127.0.0.1:8000/inference", help="URL of the API")
    parser.add_argument("--annotate", type=Path, metavar="OUT.png", help="write the frame with its boxes here")
    parser.add_argument("--json", action="store_true", help="print the API's answer as it came")
    parser.add_argument("--min-score", type=float, default=0.3, help="weakest box to show and draw (default: 0.3)")
    parser.add_argument("--camera", default="workbench", help="the camera's id")
    parser.add_argument("--older-format", action="store_true", help="send JSON with base64, without a Content-Type")


def run(arguments: argparse.Namespace) -> int:
    """Sends the frame."""
    answer = send_frame(arguments.url, arguments.frame, camera_id=arguments.camera, older_format=arguments.older_format)
    console = Console(stderr=arguments.json)
    if arguments.json:
        print(json.dumps(answer.document))
    else:
        console.print(detection_table(answer.document, min_score=arguments.min_score))
        console.print(f"request {answer.request_id}, answered in {answer.milliseconds:.0f} ms", highlight=False)
    if arguments.annotate:
        drawn = annotate(arguments.frame, answer.document, arguments.annotate, min_score=arguments.min_score)
        console.print(f"{drawn} drawn in {arguments.annotate}", highlight=False, soft_wrap=True)
    return 0
