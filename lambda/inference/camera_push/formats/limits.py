"""The bounds of a push: what no camera sends is refused before it costs memory or time."""

from __future__ import annotations

INFLATED_BYTES = 10_000_000
"""Bytes of a body after it is unpacked: the largest body that API Gateway itself takes (10 MB)."""

PICTURES = 64
"""Pictures of one push, and broken ones: a recorder sends a scene with one crop for each of up to 30 faces."""

PARTS = 256
"""Parts of a multipart body: each picture may have a text of its own, and delimiters may be doubled."""

NESTED_MULTIPARTS = 3
"""Multipart bodies in one another."""

TEXT_BYTES = 256 * 1024
"""Bytes of all texts of a push without their pictures; an event of a camera has 1 to 50 KB."""

VALUES = 20_000
"""Values of JSON in one text: a heat map has some thousands of numbers."""

ELEMENTS = 4_000
"""Elements and attributes of XML, pairs, or chunks; an event of a camera has 20 to 500 of them."""

DEPTH = 64
"""Values of JSON, or elements of XML, in one another."""
