"""Kinds that are compared, and their exporters."""

from __future__ import annotations

from workbench import places
from workbench.parity import kinds

EXPORTERS = places.REPOSITORY / "workbench" / "parity" / "exporters"


def test_each_kind_has_its_exporter_and_each_exporter_names_its_kinds() -> None:
    assert len({kind.name for kind in kinds.KINDS}) == len(kinds.KINDS)
    for kind in kinds.KINDS:
        assert "def export(kind: str, folder: Path, paths: list[Path])" in (
            EXPORTERS / f"{kind.exporter}.py"
        ).read_text(encoding="utf-8")


def test_a_head_or_a_kind_chooses() -> None:
    assert [kind.name for kind in kinds.chosen(("arcface", "fcos"))] == ["fcos", "arcface"]
    assert {kind.head for kind in kinds.chosen(("ultralytics",))} == {"ultralytics"}
    assert kinds.chosen(()) == list(kinds.KINDS)
