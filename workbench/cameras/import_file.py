"""Files of many cameras: CSV with a line of names, or JSON, one object a line; every bad row is named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from camera_registry import credentials
from camera_registry.cameras import Camera
from ipc_ai_catalogue import nearest
from workbench.cameras import facts
from workbench.errors import CameraError

NAME, SCOPES = "camera_id", "scopes"
COLUMNS = (NAME, *facts.FACTS, SCOPES, *facts.OF_PROFILE)
_OTHER_WORDS = {"tag": "tags", "id": NAME, "camera": NAME, "name": NAME}
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Row:
    """Camera of a file, without a credential.

    Attributes:
        line: number of its line, from 1.
        camera: the camera.
        scopes: what its key may do; empty for a camera that signs and needs none.
    """

    line: int
    camera: Camera
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class BadRow:
    """Row that cannot be imported: its line, and why."""

    line: int
    fault: str


def read(path: Path, now: datetime) -> tuple[list[Row], list[BadRow]]:
    """Read a file.

    Raises:
        CameraError: it cannot be read, or its first line does not name columns.
    """
    text = _text(path)
    records = _json_lines(text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text)
    rows: list[Row] = []
    bad: list[BadRow] = []
    lines: dict[str, int] = {}
    principals: dict[str, int] = {}
    for line, record in records:
        try:
            row = _row(line, record, now)
            _only_once(row.camera.camera_id, lines, line)
            if row.camera.principal:
                _only_once(row.camera.principal, principals, line)
        except CameraError as error:
            bad.append(BadRow(line, str(error)))
        else:
            rows.append(row)
    if not rows and not bad:
        raise CameraError(f"{path} has no cameras; write a line of names such as camera_id,site,tags, and a line each")
    return rows, bad


def _text(path: Path) -> str:
    """The text, in UTF-8 or in what spreadsheets write in China.

    GB 2312 has both bytes of a character above 160: unlike those of its successors, nearly none of its texts is one of
    a Western spreadsheet, whose letters would become other characters without a word.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise CameraError(f"cannot read {path}: {error.strerror}; name a file of CSV or JSON lines") from error
    for encoding in ("utf-8-sig", "gb2312"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CameraError(f"{path} is no text; save it as CSV in UTF-8")


def _row(line: int, record: Any, now: datetime) -> Row:
    if isinstance(record, BadRow):
        raise CameraError(record.fault)
    words = {name: value for name, value in record.items() if value not in ("", None)}
    name = words.pop(NAME, "")
    if not name:
        raise CameraError(f"the row has no {NAME}")
    scopes = words.pop(SCOPES, [])
    camera = facts.new_camera(str(name), facts.changes(words), now)
    asked = facts.required_scopes(facts.several(SCOPES, scopes))
    return Row(line, camera, asked or (() if camera.principal else credentials.OF_A_CAMERA))


def _only_once(name: str, lines: dict[str, int], line: int) -> None:
    first = lines.setdefault(name, line)
    if first != line:
        raise CameraError(f"'{name}' stands in line {first} already; leave one out")


def _csv_rows(text: str) -> Iterator[tuple[int, Any]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    names: list[str] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield line, BadRow(line, f"it is no CSV: {error}")
            continue
        if not any(cells):
            continue
        if not names:
            names = _column_names(cells)
        elif len(cells) > len(names) and any(cells[len(names) :]):
            yield (
                line,
                BadRow(line, f'it has {len(cells)} cells, and the first line {len(names)}; put "" around commas'),
            )
        else:
            yield line, dict(zip(names, cells, strict=False))


def _delimiter(text: str) -> str:
    """Comma, or what some countries' spreadsheets write instead."""
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _column_names(cells: Sequence[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    names = [_OTHER_WORDS.get(cell.lower(), cell.lower()) for cell in cells]
    for given, name in zip(cells, names, strict=True):
        if name not in COLUMNS:
            raise CameraError(
                f"unknown column '{given[:40]}'{nearest(name, COLUMNS)}; the first line names columns: "
                f"{', '.join(COLUMNS)}"
            )
    if NAME not in names or len(set(names)) < len(names):
        raise CameraError(f"the first line names each column once, and one is {NAME}; it has {','.join(cells)[:80]}")
    return names


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    """Objects, one a line, or all in one array."""
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise CameraError(f"it is no JSON: {error}") from error
        yield from ((place, _object(place, each)) for place, each in enumerate(listed, 1))
        return
    for line, written in enumerate(text.splitlines(), 1):
        if written.strip():
            try:
                yield line, _object(line, json.loads(written))
            except (ValueError, RecursionError) as error:
                yield line, BadRow(line, f"it is no JSON: {str(error)[:_MOST_CHARACTERS]}")


def _object(line: int, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return BadRow(line, f'it is no object; write {{"{NAME}": "gate-1"}}')
    return {_OTHER_WORDS.get(name, name): each for name, each in value.items()}
