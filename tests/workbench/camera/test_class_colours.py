from __future__ import annotations

from ipc_ai_catalogue import class_names
from workbench.camera.class_colours import colours, text_on


def test_a_class_of_coco_has_its_colour_in_every_company() -> None:
    alone = colours(["car"])["car"]
    assert colours(["aardvark", "person", "car", "bus"])["car"] == alone
    street = colours(class_names.of_data_set("coco")[:12])
    assert len(set(street.values())) == 12
    assert len(set(colours(["person", "bicycle", "car", "umbrella", "handbag", "face"]).values())) == 6


def test_names_of_a_picture_differ_up_to_twelve() -> None:
    names = [f"part {number}" for number in range(12)]
    assert len(set(colours(names).values())) == 12
    assert len(colours([*names, "one more"])) == 13
    assert colours(names) == colours(names[::-1])


def test_text_is_black_on_light_grounds_and_white_on_dark_ones() -> None:
    for colour in colours([f"part {number}" for number in range(12)]).values():
        text = text_on(colour)
        luminance = [0.114 * blue + 0.587 * green + 0.299 * red for blue, green, red in (colour, text)]
        assert abs(luminance[0] - luminance[1]) > 100
