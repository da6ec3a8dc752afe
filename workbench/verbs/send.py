"""Be a camera: send one frame, print what was found, draw it."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from rich.console import Console

from workbench import writable
from workbench.camera import arguments as argument_types
from workbench.camera import report
from workbench.camera.annotation import annotate, require_format
from workbench.camera.arguments import API_KEY_VARIABLE
from workbench.camera.credentials import ApiKey, Signature
from workbench.camera.sending import Answer, send_comparison, send_frame
from workbench.errors import WorkbenchError
from workbench.number_arguments import number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("frame", type=Path, help="an image file; for face comparison the source")
    parser.add_argument("--target", type=Path, nargs="+", help="for face comparison: images to look for the face in")
    parser.add_argument(
        "--url", type=argument_types.api_url, default="http://127.0.0.1:8000/prod/inference", help="URL of the API"
    )
    parser.add_argument("--annotate", type=Path, metavar="OUT.png", help="write the frame (or first target) with boxes")
    parser.add_argument("--json", action="store_true", help="print the API's answer as it came")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the answer there, whatever it is")
    parser.add_argument(
        "--accept",
        type=argument_types.content_type,
        metavar="TYPE",
        help="content type wanted of a user's own application",
    )
    parser.add_argument("--classes", metavar="NAMES", help="answer these classes alone, as in person,car")
    parser.add_argument(
        "--min-score", type=number, help="weakest box or class to show and draw (default: 0.3, and 0 of classes)"
    )
    parser.add_argument("--camera", default="workbench", help="the camera's id")
    proof = parser.add_mutually_exclusive_group()
    in_environment = os.environ.get(API_KEY_VARIABLE)
    proof.add_argument(
        "--api-key", type=argument_types.api_key, default=in_environment, help=f"API key (default: ${API_KEY_VARIABLE})"
    )
    proof.add_argument("--sign", action="store_true", help="sign the request with this machine's AWS credentials")
    parser.add_argument("--older-format", action="store_true", help="send JSON with base64, without a Content-Type")


def run(arguments: argparse.Namespace) -> int:
    """Send the frame, or the source and its targets, and show the answer."""
    url, camera = arguments.url, arguments.camera
    if arguments.target and arguments.classes is not None:
        raise WorkbenchError("a comparison has no classes; leave --classes or --target out")
    if arguments.annotate:
        require_format(arguments.annotate)
    for path in filter(None, (arguments.annotate, arguments.output)):
        writable.require_file(path)
    key = ApiKey(arguments.api_key) if arguments.api_key else None
    auth = Signature() if arguments.sign else key
    console = Console(stderr=arguments.json)
    with console.status("waiting for the answer") as status:

        def waiting(seconds: float) -> None:
            status.update(f"pending for {seconds:.0f} s; an endpoint without instances takes minutes to start one")

        if arguments.target:
            answer = send_comparison(
                url, arguments.frame, arguments.target, camera_id=camera, auth=auth, waiting=waiting
            )
        else:
            answer = send_frame(
                url,
                arguments.frame,
                camera_id=camera,
                auth=auth,
                older_format=arguments.older_format,
                accept=arguments.accept,
                classes=arguments.classes,
                waiting=waiting,
            )
    if arguments.output:
        arguments.output.write_bytes(answer.body)
        console.print(f"{len(answer.body)} bytes in {arguments.output}", highlight=False, markup=False, soft_wrap=True)
    elif arguments.json:
        print(_text(answer))
    else:
        _show(answer, arguments, console)
        console.print(f"request {answer.request_id}, answered in {answer.milliseconds:.0f} ms", highlight=False)
    if arguments.annotate:
        drawn = _draw(answer, arguments)
        console.print(f"{drawn} drawn in {arguments.annotate}", highlight=False, markup=False, soft_wrap=True)
    return 0


def _show(answer: Answer, arguments: argparse.Namespace, console: Console) -> None:
    """Show answers of the built-in applications as tables; any other unchanged, with JSON indented."""
    document = answer.document
    if report.is_comparison(document):
        for number, target in enumerate(arguments.target or [arguments.frame]):
            console.print(report.comparison_table(document, target=number, name=target.name))
    elif report.is_detection(document):
        console.print(report.detection_table(document, min_score=_least(arguments)))
    elif report.is_classification(document):
        console.print(report.class_table(document, min_score=arguments.min_score or 0))
    elif document is not None:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print(_text(answer))


def _least(arguments: argparse.Namespace) -> float:
    return float(report.SURE_ENOUGH if arguments.min_score is None else arguments.min_score)


def _draw(answer: Answer, arguments: argparse.Namespace) -> int:
    """Draw boxes, or write the classes below the frame, and count them."""
    found = report.findings(answer.document, min_score=arguments.min_score)
    if found is None:
        raise WorkbenchError("the answer has no boxes to draw, and no classes; leave --annotate out")
    compared = report.is_comparison(answer.document) and arguments.target
    annotate(arguments.target[0] if compared else arguments.frame, found, arguments.annotate)
    return len(found)


def _text(answer: Answer) -> str:
    if answer.text is None:
        named = answer.media_type or "an unnamed type"
        raise WorkbenchError(f"the answer is {len(answer.body)} bytes of {named}; name a file for it with --output")
    return answer.text
