"""Report on an archive and its trial, line by line."""

from __future__ import annotations

from rich.filesize import decimal

from workbench.packing.model_trial import NotTried, Trial
from workbench.packing.packed_model import PackedModel

_SHOWN_CHARACTERS = 160


def archive_lines(packed: PackedModel) -> list[str]:
    """Lines about the content, the source and the purpose of an archive."""
    layout = packed.layout
    told = f"{layout.framework or 'a program of your own'}, told by {layout.because}"
    lines = [f"framework   {layout.framework} (named)" if layout.because == "--framework" else f"framework   {told}"]
    lines += [f"moved       {there} to {here}" for there, here in layout.moved]
    served = f"{layout.application}{f' with {layout.model}' if layout.model else ''}"
    count = f"{len(layout.files)} file{'' if len(layout.files) == 1 else 's'}"
    return [
        *lines,
        f"application {served}",
        f"archive     {packed.archive} ({count}, {decimal(packed.size)})",
        f"sha256      {packed.sha256}",
    ]


def trial_line(trial: Trial | NotTried) -> str:
    """Line about the result of the trial."""
    if isinstance(trial, NotTried):
        return f"served      not tried here: {trial.reason}"
    answer = trial.answer.strip()
    shown = answer if len(answer) <= _SHOWN_CHARACTERS else f"{answer[:_SHOWN_CHARACTERS]}..."
    return f"served      {trial.content_type} in {trial.milliseconds:.0f} ms: {shown}"
