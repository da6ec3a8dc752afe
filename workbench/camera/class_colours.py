"""Colours of classes in pictures: one a class, the same in every picture, told apart by colour-blind eyes as well.

Sources: Okabe and Ito, Color Universal Design (2008), without black, and the dark hues of Paul Tol's scheme "muted".
"""

from __future__ import annotations

import zlib
from collections.abc import Collection

from ipc_ai_catalogue import class_names

Colour = tuple[int, int, int]
"""Blue, green and red, 0 to 255."""

# Neighbours differ in lightness, too.
_PALETTE: tuple[Colour, ...] = (
    (115, 158, 0),  # bluish green
    (0, 159, 230),  # orange
    (178, 114, 0),  # blue
    (66, 228, 240),  # yellow
    (85, 34, 136),  # wine
    (233, 180, 86),  # sky blue
    (0, 94, 213),  # vermillion
    (136, 34, 51),  # indigo
    (167, 121, 204),  # reddish purple
    (51, 119, 17),  # green
    (153, 170, 68),  # teal
    (51, 153, 153),  # olive
)
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_DARK = 110  # luminance below which white text is read better than black


def colours(names: Collection[str]) -> dict[str, Colour]:
    """Choose a colour for each name of a picture.

    The classes of a street, the first twelve of COCO, have the same colours everywhere. Any other has that of its name,
    or the next that is free in the picture. Names share colours only where there are more than twelve.
    """
    everywhere = class_names.of_data_set("coco")[: len(_PALETTE)]
    chosen = {name: everywhere.index(name) for name in set(names) if name in everywhere}
    for name in sorted({*names} - {*everywhere}):
        first = zlib.crc32(name.encode()) % len(_PALETTE)
        places = [(first + step) % len(_PALETTE) for step in range(len(_PALETTE))]
        chosen[name] = next((place for place in places if place not in chosen.values()), first)
    return {name: _PALETTE[place] for name, place in chosen.items()}


def text_on(ground: Colour) -> Colour:
    """Black or white, whichever is read better on a ground (luminance as in ITU-R BT.601)."""
    blue, green, red = ground
    return _WHITE if 0.114 * blue + 0.587 * green + 0.299 * red < _DARK else _BLACK
