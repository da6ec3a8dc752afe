from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_serving.errors import ClientError, ModelLoadError
from ipc_ai_serving.models import classes

YOLOX = catalogue.load().model("yolox_nano")


def test_body_detection_answers_the_person_of_all_classes() -> None:
    model, answered = classes.answered(dataclasses.replace(YOLOX, classes=("cat", "Person")), "body-detection")
    assert model.target_class == 1
    assert answered.known == ["Person"]
    assert answered.answered is not None
    assert answered.answered.tolist() == [False, True]
    assert answered.names_of(None, 2) == ["Person", "Person"]


def test_object_detection_answers_all_classes_with_a_name() -> None:
    model, answered = classes.answered(dataclasses.replace(YOLOX, classes=("", "person", "cat")), "object-detection")
    assert model.target_class is None
    assert answered.known == ["person", "cat"]
    assert answered.names_of(np.array([2, 1]), 2) == ["cat", "person"]


def test_a_network_without_names_answers_the_target() -> None:
    model, answered = classes.answered(dataclasses.replace(YOLOX, classes=()), "body-detection")
    assert model.target_class == 0
    assert answered.known == ["person"]
    assert answered.wanted(["Person"]) is None
    _, of_pairs = classes.answered(catalogue.load().model("yunet_n"), "face-comparison")
    assert of_pairs.target == "face"


def test_an_application_whose_class_is_missing_is_refused() -> None:
    with pytest.raises(ModelLoadError, match="has no class face"):
        classes.answered(YOLOX, "face-detection")


def test_each_synonym_in_a_name_calls_its_class() -> None:
    names = ("tench, Tinca tinca", "maillot", "maillot, tank suit", "crane, bird", "crane, machine")
    _, answered = classes.answered(dataclasses.replace(YOLOX, classes=names), "object-detection")
    for asked, expected in ((["Tench"], [0]), (["maillot"], [1]), (["tank suit"], [2]), (["crane"], [3, 4])):
        mask = answered.wanted(asked)
        assert mask is not None
        assert np.flatnonzero(mask).tolist() == expected
    assert answered.wanted(["tench", "Tinca tinca"]) is not None


def test_a_request_narrows_the_classes_and_an_unknown_one_has_the_nearest() -> None:
    _, answered = classes.answered(YOLOX, "object-detection")
    assert answered.wanted(()) is None
    mask = answered.wanted(["Car", "person"])
    assert mask is not None
    assert np.flatnonzero(mask).tolist() == [0, 2]
    with pytest.raises(ClientError, match="'persn', which this model does not answer, did you mean 'person'"):
        answered.wanted(["persn"])
    _, person = classes.answered(YOLOX, "body-detection")
    with pytest.raises(ClientError, match=r"'car', which this model does not answer; it answers person$"):
        person.wanted(["car"])
