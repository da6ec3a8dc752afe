"""Report on an archive and its trial, line by line."""

from __future__ import annotations

from rich.filesize import decimal

from workbench.packing.model_program import PROGRAM_NAME
from workbench.packing.model_trial import NotTried, Trial
from workbench.packing.packed_model import PackedModel
from workbench.recognition import plain_words
from workbench.tables import plain_words as tables_in_words

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
    lines += [line for one in packed.recognised for line in plain_words.lines(one)]
    lines += [f"moved       {there} to {here}" for there, here in layout.moved]
    lines += _lines_about_links(packed)
    served = f"{layout.application}{f' with {layout.model}' if layout.model else ''}"
    if layout.framework == "tensorflow":
        lines.append(f"images      {_CAMERAS_OF_TENSORFLOW[PROGRAM_NAME in layout.files]}")
    if layout.table is not None:
        lines += tables_in_words.lines(layout.table)
    count = f"{len(layout.files)} file{'' if len(layout.files) == 1 else 's'}"
    return [
        *lines,
        f"application {served}",
        f"archive     {packed.archive} ({count}, {decimal(packed.size)})",
        f"sha256      {packed.sha256}",
    ]


def _lines_about_links(packed: PackedModel) -> list[str]:
    """Lines about links of a folder: files from elsewhere that are packed, and folders that are not."""
    source, packs = packed.source, set(packed.layout.files.values())
    if not source.is_dir():
        return []
    lines = []
    for link in sorted(path for path in source.rglob("*") if path.is_symlink()):
        name, target = link.relative_to(source), link.resolve()
        if link in packs and not target.is_relative_to(source.resolve()):
            lines.append(f"linked      {name} is packed from {target}")
        elif link not in packs and not link.is_file() and not any(part.startswith(".") for part in name.parts):
            what = "a folder" if link.is_dir() else "nothing"
            lines.append(f"left out    {name}, a link to {what}; copy what it should hold into {source}")
    return lines


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
