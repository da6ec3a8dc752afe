from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.profiles import Profile
from inference_api.messages import Frame, Inference, InferenceRequest
from inference_api.profiles.keeping import is_kept, may_keep, retention
from inference_api.profiles.passing import asked, passed

LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
LOWER_HALF = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))
DETECTION = "object-detection"


def _answer(**changed: Any) -> dict[str, Any]:
    """Three boxes of a frame of 640 x 480: a person on the left, a car on the right, a small person above."""
    return {
        "width": 640,
        "height": 480,
        "channels": 3,
        "bbox_scores": [[0.9], [0.8], [0.4]],
        "bbox_coords": [[0, 240, 160, 480], [400, 100, 640, 300], [300, 10, 332, 58]],
        "bbox_labels": ["person", "car", "person"],
        **changed,
    }


def _inference(document: Any) -> Inference:
    return Inference(json.dumps(document).encode())


def _passing(profile: Profile, document: Any = None, **options: Any) -> list[int]:
    """Left edges of the boxes that pass."""
    told = passed(_inference(document or _answer()), profile, DETECTION, options)
    assert told.is_readable
    boxes = told.result.document["bbox_coords"]
    assert told.left_out == told.result.document["boxes_left_out"]
    return [box[0] for box in boxes]


@pytest.mark.parametrize(
    ("profile", "left_edges"),
    [
        (Profile(min_confidence=0.8), [0, 400]),  # the threshold itself passes
        (Profile(min_confidence=0.0), [0, 400, 300]),
        (Profile(classes=("Car",)), [400]),
        (Profile(classes=("person", "dog")), [0, 300]),
        (Profile(classes=("*",)), [0, 400, 300]),
        (Profile(regions=(LEFT_HALF,)), [0, 300]),  # 316 of 640 is the middle of the small one
        (Profile(regions=(LOWER_HALF,)), [0, 400]),
        (Profile(regions=(((0.0, 0.0), (0.1, 0.0), (0.0, 0.1)),)), []),
        (Profile(regions=(LEFT_HALF, LOWER_HALF)), [0, 400, 300]),
        (Profile(min_box=(0.05, 0.1)), [0, 400, 300]),  # 32 x 48 pixels are exactly that
        (Profile(min_box=(0.051, 0.1)), [0, 400]),
        (Profile(max_box=(0.3, 0.5)), [0, 300]),
        (Profile(classes=("person",), min_confidence=0.5, regions=(LEFT_HALF,)), [0]),
    ],
)
def test_boxes_pass_by_score_name_size_and_place(profile: Profile, left_edges: list[int]) -> None:
    assert _passing(profile) == left_edges


def test_lists_of_boxes_are_cut_alike_and_all_else_stays() -> None:
    answer = _answer(bbox_tracks=[7, 8, 9], bbox_format="corners", bbox_colours=["red"], model={"name": "m"})
    told = passed(_inference(answer), Profile(classes=("car",)), DETECTION)
    assert told.result.document == {
        **answer,
        "bbox_scores": [[0.8]],
        "bbox_coords": [[400, 100, 640, 300]],
        "bbox_labels": ["car"],
        "bbox_tracks": [8],
        "boxes_left_out": 2,
    }
    assert (told.found, told.left_out, told.is_readable) == (3, 2, True)


def test_several_frames_are_cut_one_by_one() -> None:
    other = _answer(bbox_labels=["car", "car", "car"])
    told = passed(_inference({"results": [_answer(), other], "seconds": 0.1}), Profile(classes=("car",)), DETECTION)
    assert [frame["boxes_left_out"] for frame in told.result.document["results"]] == [2, 0]
    assert told.result.document["seconds"] == 0.1
    assert (told.found, told.left_out) == (6, 2)


@pytest.mark.parametrize("is_asked", [True, False])
def test_boxes_in_shares_of_the_frame(is_asked: bool) -> None:
    shares = _answer(
        bbox_coords=[[0.0, 0.5, 0.25, 1.0], [0.625, 0.2, 1.0, 0.6], [0.4, 0.02, 0.5, 0.1]],
    )
    told = passed(_inference(shares), Profile(regions=(LOWER_HALF,)), DETECTION, {"normalized": is_asked})
    assert told.result.document["bbox_coords"] == shares["bbox_coords"][:2]


def test_the_clients_option_decides_about_boxes_at_the_corners() -> None:
    answer = _answer(bbox_coords=[[0, 0, 1, 1]], bbox_scores=[[0.9]], bbox_labels=["person"])
    whole = Profile(min_box=(0.9, 0.9))
    assert _passing(whole, answer, normalized=True) == [0]
    assert _passing(whole, answer) == []


def test_a_box_that_reaches_over_the_edge_stands_at_the_edge() -> None:
    answer = _answer(bbox_coords=[[-40, 300, 60, 500]], bbox_scores=[[0.9]], bbox_labels=["person"])
    assert _passing(Profile(regions=(LOWER_HALF,)), answer) == [-40]


def test_the_limit_of_boxes_holds_for_those_that_pass() -> None:
    request = InferenceRequest({"frame": Frame(b"")}, options={"max_results": 1, "normalized": False})
    profile = Profile(classes=("car",))
    assert asked(request, profile, DETECTION).options == {"normalized": False}
    assert _passing(profile, max_results=1) == [400]
    told = passed(_inference(_answer()), Profile(min_confidence=0.1), DETECTION, request.options)
    assert len(told.result.document["bbox_scores"]) == 1
    assert told.left_out == 0  # the profile left none out


@pytest.mark.parametrize("application", ["image-classification", "face-comparison"])
def test_the_limit_of_others_is_the_containers(application: str) -> None:
    request = InferenceRequest({"frame": Frame(b"")}, options={"max_results": 1})
    assert asked(request, Profile(min_confidence=0.5), application) is request
    assert asked(request, Profile(keep="nothing"), DETECTION) is request


def test_a_profile_that_says_nothing_of_boxes_changes_no_byte() -> None:
    result = Inference(b'{"bbox_coords" : []}', "application/json")
    told = passed(result, Profile(keep="detections", frames_a_day=3), DETECTION)
    assert told.result is result
    assert passed(result, Profile(), DETECTION).result is result


def test_an_answer_without_boxes_says_so() -> None:
    empty = _answer(bbox_coords=[], bbox_scores=[], bbox_labels=[])
    told = passed(_inference(empty), Profile(regions=(LEFT_HALF,), min_confidence=0.5), DETECTION)
    assert told.result.document == {**empty, "boxes_left_out": 0}


def test_what_is_no_number_passes_no_limit_of_numbers() -> None:
    broken = _answer(
        bbox_scores=[[None], [True], [0.4]], bbox_coords=[[0, 0, 10, 10], [None] * 4, [300, 10, 10**400, 58]]
    )
    assert _passing(Profile(min_confidence=0.1), broken) == [300]
    assert _passing(Profile(max_box=(0.5, 0.5)), broken) == [0]
    assert len(_passing(Profile(classes=("car", "person")), broken)) == 3


def test_scores_as_plain_numbers() -> None:
    assert _passing(Profile(min_confidence=0.5), _answer(bbox_scores=[0.9, 0.2, 0.6])) == [0, 300]


def test_names_are_not_asked_for_where_the_answer_has_none() -> None:
    older = {name: value for name, value in _answer().items() if name != "bbox_labels"}
    assert _passing(Profile(classes=("person",), min_confidence=0.5), older) == [0, 400]


@pytest.mark.parametrize(
    "document",
    [
        {"plates": ["HH-AB 123"]},
        ["boxes"],
        None,
        3,
        {"bbox_coords": {"a": 1}},
        _answer(bbox_scores=[[0.9]]),
        _answer(bbox_scores=None),
        _answer(bbox_labels=["person"]),
        _answer(width=None),
        _answer(height=0),
        _answer(width="640"),
    ],
)
def test_an_answer_of_another_shape_passes_unchanged_and_tells(document: Any) -> None:
    profile = Profile(min_confidence=0.5, classes=("person",), regions=(LEFT_HALF,), keep="detections")
    result = _inference(document)
    told = passed(result, profile, "custom")
    assert told.result is result
    assert not told.is_readable
    assert is_kept(profile, told) == (True, "detections")  # nothing is lost for a shape that nobody reads


@pytest.mark.parametrize(
    "result",
    [
        Inference(b"a,b\n1,2\n", "text/csv"),
        Inference(b"{", "application/json"),
        Inference(b"[" * 100_000, "application/json"),
        Inference(b"\xff", "application/json"),
    ],
)
def test_an_answer_that_is_no_json_passes_unchanged(result: Inference) -> None:
    told = passed(result, Profile(min_confidence=0.5), "custom")
    assert told.result is result
    assert not told.is_readable


def test_one_frame_of_another_shape_does_not_let_the_others_pass() -> None:
    answer = {"results": [{"error": "no face"}, _answer()]}
    told = passed(_inference(answer), Profile(classes=("car",)), "custom")
    assert told.result.document["results"][0] == {"error": "no face"}
    assert told.result.document["results"][1]["bbox_labels"] == ["car"]
    assert not told.is_readable


def test_status_and_headers_of_the_answer_stay() -> None:
    result = Inference(json.dumps(_answer()).encode("utf-16"), "application/json; charset=utf-16", 201, {"X-A": "1"})
    told = passed(result, Profile(classes=("car",)), DETECTION).result
    assert (told.status, told.headers, told.content_type) == (201, {"X-A": "1"}, "application/json; charset=utf-8")
    assert told.document["bbox_labels"] == ["car"]


def test_labels_of_a_classifier_pass_by_score_and_name() -> None:
    answer = {"width": 8, "height": 8, "labels": ["tench, Tinca tinca", "dog", "cat"], "scores": [0.7, 0.2, 0.1]}
    profile = Profile(classes=("tinca tinca", "cat"), min_confidence=0.05, regions=(LEFT_HALF,))
    told = passed(_inference(answer), profile, "image-classification")
    assert told.result.document == {
        **answer,
        "labels": ["tench, Tinca tinca", "cat"],
        "scores": [0.7, 0.1],
        "labels_left_out": 1,
    }
    assert passed(_inference(answer), Profile(min_confidence=0.5), "image-classification").left_out == 2
    assert not passed(_inference(_answer()), profile, "image-classification").is_readable


def test_matches_of_a_comparison_pass_whole() -> None:
    result = _inference({"SourceImageFace": None, "FaceMatches": [{"Similarity": 12}]})
    told = passed(result, Profile(min_confidence=0.9, keep="detections"), "face-comparison")
    assert (told.result, told.found, told.left_out, told.is_readable) == (result, 1, 0, True)


_NUMBERS = st.one_of(st.none(), st.integers(), st.floats(), st.booleans(), st.text(max_size=3))
_LISTS = st.lists(st.one_of(_NUMBERS, st.lists(_NUMBERS, max_size=5)), max_size=5)


@given(coordinates=_LISTS, scores=_LISTS, labels=_LISTS, width=_NUMBERS)
def test_no_answer_fails_a_request(coordinates: Any, scores: Any, labels: Any, width: Any) -> None:
    answer = _answer(bbox_coords=coordinates, bbox_scores=scores, bbox_labels=labels, width=width)
    profile = Profile(min_confidence=0.5, classes=("a",), regions=(LEFT_HALF,), min_box=(0.1, 0.1))
    result = Inference.of_container(json.dumps(answer).encode(), "application/json")
    told = passed(result, profile, DETECTION)
    if told.is_readable:
        left = told.result.document
        assert len(left["bbox_coords"]) == len(left["bbox_scores"]) == len(left["bbox_labels"])
        assert told.found - told.left_out == len(left["bbox_coords"])
    else:
        assert told.result is result


@pytest.mark.parametrize(
    ("keep", "kept"),
    [(None, [True, True]), ("everything", [True, True]), ("detections", [True, False]), ("nothing", [False, False])],
)
def test_what_is_kept(keep: str | None, kept: list[bool]) -> None:
    some, none = (
        passed(_inference(_answer()), Profile(keep=keep, min_confidence=least), DETECTION) for least in (0.5, 0.99)
    )
    profile = Profile(keep=keep)
    assert [is_kept(profile, each)[0] for each in (some, none)] == kept
    assert is_kept(profile, some)[1] == (keep or "everything")
    assert may_keep(profile) is (keep != "nothing")


def test_boxes_count_as_detections_where_a_profile_says_nothing_of_them() -> None:
    profile = Profile(keep="detections")
    empty = _answer(bbox_coords=[], bbox_scores=[], bbox_labels=[])
    assert is_kept(profile, passed(_inference(_answer()), profile, DETECTION)) == (True, "detections")
    assert is_kept(profile, passed(_inference(empty), profile, DETECTION)) == (False, "detections")


def test_the_retention_is_the_profiles() -> None:
    assert retention(Profile(retention="30")) == "30"
    assert retention(Profile()) is None
