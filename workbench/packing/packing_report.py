"""Report on an archive and its trial, line by line."""

from __future__ import annotations

from rich.filesize import decimal

from workbench.packing.model_trial import Trial
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


def trial_line(packed: PackedModel, trial: Trial | None) -> str:
    """Line about the result of the trial."""
    if trial is not None:
        answer = trial.answer.strip()
        shown = answer if len(answer) <= _SHOWN_CHARACTERS else f"{answer[:_SHOWN_CHARACTERS]}..."
        return f"served      {trial.content_type} in {trial.milliseconds:.0f} ms: {shown}"
    if packed.layout.served_by_our_image:
        return "served      not tried, because of --no-trial"
    return f"served      not tried: the image that is built here has no {packed.layout.framework}; its layout is right"
