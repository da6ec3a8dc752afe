"""The main job in one go: start the service, send a photograph, show the result, list the event, stop."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CUSTOM, FACE_COMPARISON
from workbench import places, writable
from workbench.camera import report
from workbench.camera.annotation import annotate
from workbench.camera.credentials import ApiKey
from workbench.camera.sending import send_comparison, send_frame
from workbench.errors import WorkbenchError
from workbench.local import service
from workbench.template.rendered_stack import render
from workbench.template.rendered_template import synthesize

_EMBEDDED = {
    "face-detection": "dlib_frontal_face",
    "body-detection": "opencv_people",
    FACE_COMPARISON: "dlib_frontal_face+dlib_face_embedding",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--application", default="face-detection", help="applicationType (default: face-detection)")
    parser.add_argument("--model", help="name of its model (default: one that ships inside an installed package)")
    parser.add_argument("--frame", type=Path, help="an image file (default: scikit-image's astronaut)")
    parser.add_argument("--target", type=Path, help="for face comparison: where to look for the frame's face")
    parser.add_argument("--store", type=Path, default=places.MODEL_STORE, help="folder of fetched models")
    parser.add_argument("--output", type=Path, default=places.OUTPUT / "demo", help="folder for the results")


def run(arguments: argparse.Namespace) -> int:
    """Run the demonstration."""
    console = Console()
    application = catalogue.load().application(arguments.application)
    if application.name == CUSTOM:
        raise WorkbenchError(f"the demo shows no {CUSTOM} application; name a built-in one")
    model = arguments.model or _EMBEDDED.get(application.name)
    if model is None:
        raise WorkbenchError(
            f"no model of {application.name} ships inside a package; fetch one, and name it with --model"
        )
    frame = arguments.frame or places.photograph()
    target = arguments.target or frame
    for path in (frame, target):
        if not path.is_file():
            raise WorkbenchError(f"there is no file {path}")
    writable.require_folder(arguments.output)
    choices = {
        "applicationType": application.name,
        application.model_parameter: model,
        "saveRequestEvents": "Yes",
    }
    stack = render(synthesize(), choices, "us-east-1")
    with (
        service.log_folder() as logs,
        service.running(stack, port=0, model_store=arguments.store, logs=logs) as running,
    ):
        console.print(f"{application.name} with {model} at {running.api_url}", highlight=False, soft_wrap=True)
        console.print(f"logs in {logs}", highlight=False, soft_wrap=True)
        auth = ApiKey(running.api_key) if running.api_key else None
        if application.name == FACE_COMPARISON:
            answer = send_comparison(running.api_url, frame, [target], camera_id="demo", auth=auth).document
            table = report.comparison_table(answer, target=0, name=target.name)
        else:
            answer = send_frame(running.api_url, frame, camera_id="demo", auth=auth).document
            classifies = report.is_classification(answer)
            of_answer = report.class_table if classifies else report.detection_table
            table = of_answer(answer, min_score=0 if classifies else report.SURE_ENOUGH)
        console.print(table)
        picture = arguments.output / f"{application.name}-{model}.png"
        annotate(target, report.findings(answer) or [], picture)
        picture.with_suffix(".json").write_text(json.dumps(answer, indent=2), encoding="utf-8")
        console.print(f"annotated picture: {picture}", highlight=False, soft_wrap=True)
        console.print("stored event:")
        for key in running.events.list_keys():
            console.print(f"  s3://{running.events.bucket}/{key}", highlight=False, soft_wrap=True)
    console.print("stopped")
    return 0
