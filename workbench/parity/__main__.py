"""``python -m workbench.parity``, which ``make parity`` runs: prove parity with the exporters, kind by kind."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from ipc_ai_catalogue import nearest
from workbench import steps
from workbench.errors import ParityError
from workbench.parity import kinds, matching, material, report, service
from workbench.parity.answers import Exported
from workbench.parity.kinds import Kind
from workbench.parity.matching import Agreement
from workbench.parity.report import Result


def main(words: list[str] | None = None) -> int:
    """Compare, print a table, and return 1 where parity of a kind does not hold, 2 for a wrong word."""
    parser = argparse.ArgumentParser(prog="workbench.parity", description=__doc__)
    parser.add_argument("--only", type=_words, default=(), metavar="A,B", help="heads or kinds (default: all)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep exports, answers and logs in this new folder")
    parser.add_argument("--python", type=Path, default=material.PYTHON, help="interpreter of the exporters")
    arguments = parser.parse_args(words)
    for word in arguments.only:
        if word not in kinds.names():
            known = ", ".join(kinds.names())
            print(f"parity: unknown kind '{word}'{nearest(word, kinds.names())}; known: {known}", file=sys.stderr)
            return 2
    with tempfile.TemporaryDirectory(prefix="parity-") as temporary:
        folder = (arguments.keep or Path(temporary)).resolve()
        results = []
        for kind in kinds.chosen(arguments.only):
            with steps.waiting(f"comparing {kind.name}"):
                results.append(result(kind, folder / kind.name, python=arguments.python))
    if arguments.json:
        print(json.dumps([found.document() for found in results], indent=2))
    else:
        print(report.table(results))
    return 0 if all(found.holds for found in results) else 1


def result(kind: Kind, folder: Path, *, python: Path) -> Result:
    """Export a kind, pack it, serve it, and compare its answers."""
    try:
        exported = material.export(kind, folder, python=python)
        return Result(kind, exported.exporter, agreement(exported, folder, kind.tolerance))
    except ParityError as error:
        return Result(kind, failure=str(error))


def agreement(exported: Exported, folder: Path, tolerance: float) -> Agreement:
    """Compare the product's answers with the exporter's over all frames.

    Args:
        exported: the export.
        folder: where archive and logs go.
        tolerance: largest difference of two scores of one box.

    Raises:
        ParityError: the product does not take the model or a frame.
    """
    archive = folder / "packed.tar.gz"
    service.package(exported.model, archive)
    is_pair = service.is_pair(exported.model)
    source = exported.answers[0].frame if is_pair else None
    # Faces are asked for by their confidence and compared by their similarity, which is never below -1.
    asked, complete = (exported.threshold, -1.0) if is_pair else (exported.threshold - tolerance, exported.threshold)
    with service.up(archive, folder / "logs") as url:
        return matching.together(
            matching.compare(
                expected.found,
                service.ask(url, expected.frame, threshold=asked, source=source),
                threshold=complete,
                tolerance=tolerance,
            )
            for expected in exported.answers
        )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
