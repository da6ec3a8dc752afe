"""Be a camera: send one frame, print what was found, draw it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from workbench import report
from workbench.annotation import annotate
from workbench.camera import send_comparison, send_frame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("frame", type=Path, help="an image file; for face comparison the source")
    parser.add_argument("--target", type=Path, nargs="+", help="for face comparison: images to look for the face in")
    parser.add_argument("--url", default="http://127.0.0.1:8000/inference", help="URL of the API")
    parser.add_argument("--annotate", type=Path, metavar="OUT.png", help="write the frame (or first target) with boxes")
    parser.add_argument("--json", action="store_true", help="print the API's answer as it came")
    parser.add_argument("--min-score", type=float, default=0.3, help="weakest box to show and draw (default: 0.3)")
    parser.add_argument("--camera", default="workbench", help="the camera's id")
    parser.add_argument("--older-format", action="store_true", help="send JSON with base64, without a Content-Type")


def run(arguments: argparse.Namespace) -> int:
    """Sends the frame, or the source and its targets."""
    url, camera = arguments.url, arguments.camera
    if arguments.target:
        answer = send_comparison(url, arguments.frame, arguments.target, camera_id=camera)
        tables = [
            report.comparison_table(answer.document, target=number, name=target.name)
            for number, target in enumerate(arguments.target)
        ]
        drawn_on, found = arguments.target[0], report.matches(answer.document)
    else:
        answer = send_frame(url, arguments.frame, camera_id=camera, older_format=arguments.older_format)
        tables = [report.detection_table(answer.document, min_score=arguments.min_score)]
        drawn_on, found = arguments.frame, report.detections(answer.document, min_score=arguments.min_score)
    console = Console(stderr=arguments.json)
    if arguments.json:
        print(json.dumps(answer.document))
    else:
        console.print(*tables)
        console.print(f"request {answer.request_id}, answered in {answer.milliseconds:.0f} ms", highlight=False)
    if arguments.annotate:
        annotate(drawn_on, found, arguments.annotate)
        console.print(f"{len(found)} drawn in {arguments.annotate}", highlight=False, soft_wrap=True)
    return 0
