"""Whole JPEGs of a few bytes, as the reader of pushes asks for: it walks from marker to marker."""

from __future__ import annotations


def jpeg(text: bytes = b"") -> bytes:
    """A JPEG of one grey block; a comment makes it another."""
    comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text if text else b""
    tables = b"\xff\xdb\x00\x43\x00" + bytes([1] * 64)
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    codes = b"\xff\xc4\x00\x14\x00\x01" + bytes(15) + b"\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x3f"
    return b"\xff\xd8" + comment + tables + frame + codes + scan + b"\xff\xd9"
