"""Files that are another thing than their name says, told by their first bytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_READ = 512
_AGAIN = "export it again, or copy it again"
_AS_ONNX = "export the model to ONNX"
_POINTERS = {
    b"version https://git-lfs.github.com/": "it is a pointer of Git LFS, not the file; get that with 'git lfs pull'",
    b"/annex/objects/": "it is a pointer of git-annex, not the file; get that with 'git annex get'",
}
_OTHERS = {
    b"<!doctype html": f"it is a page of the web; {_AGAIN}",
    b"<html": f"it is a page of the web; {_AGAIN}",
    b"PK\x03\x04": f"it is a zip archive, as PyTorch saves models; unpack it, or {_AS_ONNX}",
    b"\x80\x02": f"it is a pickle of Python; {_AS_ONNX}",
    b"\x80\x03": f"it is a pickle of Python; {_AS_ONNX}",
    b"\x80\x04": f"it is a pickle of Python; {_AS_ONNX}",
    b"\x80\x05": f"it is a pickle of Python; {_AS_ONNX}",
    b"\x89HDF\r\n": f"it is a file of Keras, HDF5; {_AS_ONNX}",
    b"\x1f\x8b": "it is packed by gzip; unpack it",
}


def told(path: Path) -> str | None:
    """Say what a file is in place of a model, and what to do; None where that cannot be told."""
    start = _start(path)
    return _first({**_POINTERS, **_OTHERS}.items(), start) if start else f"it is empty; {_AGAIN}"


def pointer(path: Path) -> str | None:
    """Say what a file points to, and how to get that; None for any other."""
    return _first(_POINTERS.items(), _start(path))


def _first(known: Iterable[tuple[bytes, str]], start: bytes) -> str | None:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((said for mark, said in known if start.startswith(mark) or text.startswith(mark)), None)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_READ)
