"""Report on an archive and its trial, line by line."""

from __future__ import annotations

from rich.filesize import decimal

from workbench.packing.model_program import PROGRAM_NAME
from workbench.packing.model_trial import NotTried, Trial
from workbench.packing.packed_model import PackedModel

_SHOWN_CHARACTERS = 160
# Source: tensorflowServing.js and python_service.py of sagemaker-tensorflow-serving-container.
_CAMERAS_OF_TENSORFLOW = {
    False: "a camera's JPEG gets 415, because TensorFlow Serving's container takes JSON and CSV alone; hand it over "
    f"with an input_handler in {PROGRAM_NAME}, such as the one in docs/custom-models.md",
    True: f"a camera's JPEG reaches the input_handler or handler of {PROGRAM_NAME} as bytes: data.read(), of the type "
    "context.request_content_type",
}


def archive_lines(packed: PackedModel) -> list[str]:
    """Lines about the content, the source and the purpose of an archive."""
    layout = packed.layout
    told = f"{layout.framework or 'a program of your own'}, told by {layout.because}"
    lines = [f"framework   {layout.framework} (named)" if layout.because == "--framework" else f"framework   {told}"]
    lines += [f"moved       {there} to {here}" for there, here in layout.moved]
    served = f"{layout.application}{f' with {layout.model}' if layout.model else ''}"
    if layout.framework == "tensorflow":
        lines.append(f"images      {_CAMERAS_OF_TENSORFLOW[PROGRAM_NAME in layout.files]}")
    count = f"{len(layout.files)} file{'' if len(layout.files) == 1 else 's'}"
    return [
        *lines,
        f"application {served}",
        f"archive     {packed.archive} ({count}, {decimal(packed.size)})",
        f"sha256      {packed.sha256}",
    ]


def trial_lines(trial: Trial | NotTried) -> list[str]:
    """Lines about the result of the trial."""
    if isinstance(trial, NotTried):
        return [f"served      not tried here: {trial.reason}"]
    answer = trial.answer.strip()
    shown = answer if len(answer) <= _SHOWN_CHARACTERS else f"{answer[:_SHOWN_CHARACTERS]}..."
    lines = [f"served      {trial.content_type} in {trial.milliseconds:.0f} ms: {shown}"]
    if not trial.found:
        lines.append(
            "note        found nothing in the sample, so boxes and scores are unchecked; name a photograph of what the "
            "model finds with --sample FILE"
        )
    return lines
