"""The pictures of a push that the model sees."""

from __future__ import annotations

import pytest

from camera_push.push import Picture
from inference_api.pushes import choosing
from tests.camera_pictures import picture

SCENE = Picture(picture(size=40))
LARGER_CROP, CROP, TINY = (Picture(picture(size=size), "crop") for size in (60, 30, 12))


@pytest.mark.parametrize(
    ("pictures", "seen"),
    [
        ([CROP], [0]),
        ([TINY], [0]),
        ([TINY, TINY], [0, 1]),  # the model tells its reason
        ([CROP, TINY, SCENE], [0, 2]),
        ([LARGER_CROP, SCENE, CROP], [0, 1, 2]),
    ],
)
def test_all_pictures_that_are_large_enough_are_seen(pictures: list[Picture], seen: list[int]) -> None:
    assert choosing.seen(pictures, takes_one=False, room=None) == seen


def test_a_container_of_one_image_sees_the_scene() -> None:
    assert choosing.seen([LARGER_CROP, TINY, SCENE], takes_one=True, room=None) == [2]


def test_a_request_is_filled_with_the_scene_first_then_with_what_fits() -> None:
    room = (len(SCENE.body) + len(CROP.body)) * 4 // 3 + 1100
    assert len(LARGER_CROP.body) > len(CROP.body) + 100
    assert choosing.seen([LARGER_CROP, SCENE, CROP], takes_one=False, room=room) == [1, 2]
    assert choosing.seen([LARGER_CROP, SCENE, CROP], takes_one=False, room=len(SCENE.body)) == [
        1
    ]  # alone it is sent raw
