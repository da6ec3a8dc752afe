from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from workbench.__main__ import main

ISSUE = ["plan", "--cameras", "2000", "--fps", "0.5", "--application", "body-detection", "--instance", "ml.g4dn.xlarge"]


def _json(capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    assert main([*ISSUE, "--json", *more]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_instances_cost_headroom_and_the_first_limit(capsys: pytest.CaptureFixture[str]) -> None:
    plan = _json(capsys, "--throughput", "50")
    assert plan["fleet"]["instances"] == math.ceil(1000 / 35) == 29
    assert plan["fleet"]["headroom"] == pytest.approx(1 - 1000 / (29 * 50))
    assert plan["first_limit"] == {"name": "instances", "share": 29 / 20}
    parts = {part["part"]: part["cost"] for part in plan["cost"]["parts"]}
    assert parts["Endpoint instances"] == pytest.approx(29 * 730 * 0.736)
    assert plan["cost"]["total"] == pytest.approx(sum(parts.values()))
    assert all(part["source"] and part["as_of"] for part in plan["cost"]["parts"])
    # One worker, 20 ms, at 34.5 requests a second, and 50 ms of the function itself.
    rate = 1000 / 29
    wait = rate * 0.02**2 / (2 * (1 - rate * 0.02))
    assert plan["fleet"]["function_seconds"] == pytest.approx(0.02 + wait + 0.05)


def test_a_shadow_is_one_instance_more_of_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    plan = _json(capsys, "--throughput", "50", "--shadow")
    assert (plan["fleet"]["instances"], plan["fleet"]["shadow_instances"]) == (29, 1)
    parts = {part["part"]: part["cost"] for part in plan["cost"]["parts"]}
    assert parts["Endpoint instances"] == pytest.approx(30 * 730 * 0.736)
    # maxInstanceCount is that of the live variant alone.
    assert plan["first_limit"] == {"name": "instances", "share": 29 / 20}
    assert _json(capsys, "--throughput", "50")["fleet"]["shadow_instances"] == 0
    assert main([*ISSUE, "--shadow"]) == 0
    assert "34 x ml.g4dn.xlarge, and one for the shadow" in " ".join(capsys.readouterr().out.split())


def test_tables_say_that_a_figure_is_assumed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ISSUE) == 0
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "ASSUMED, not measured",
        "34 x ml.g4dn.xlarge",
        "a month in us-east-1, USD",
        "is exceeded, from about",
    ):
        assert words in said


def test_a_region_without_prices_has_quantities_alone(capsys: pytest.CaptureFixture[str]) -> None:
    plan = _json(capsys, "--region", "cn-north-1")
    assert plan["cost"]["total"] is None
    assert plan["cost"]["currency"] is None
    assert plan["cost"]["parts"][0]["quantity"] == plan["fleet"]["instances"] * 730
    assert main([*ISSUE, "--region", "cn-north-1"]) == 0
    assert "no price is known for cn-north-1" in capsys.readouterr().out


def test_prices_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = {"price": 2.0, "basis": "my contract", "as_of": "2026-11", "source": "me"}
    table = tmp_path / "prices.json"
    table.write_text(
        json.dumps({"regions": {"cn-north-1": {"currency": "CNY", "instance_hour": {"ml.g4dn.xlarge": mine}}}})
    )
    plan = _json(capsys, "--region", "cn-north-1", "--prices", str(table))
    (instances,) = (part for part in plan["cost"]["parts"] if part["part"] == "Endpoint instances")
    assert instances["cost"] == pytest.approx(2 * instances["quantity"])
    assert plan["cost"]["currency"] == "CNY"
    assert plan["cost"]["total"] is None  # the other parts have no price


@pytest.mark.slow
def test_a_simulated_day_is_drawn_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "deep" / "capacity.png"
    plan = _json(capsys, "--throughput", "50", "--output", str(picture), "--seed", "7")
    limited, unlimited, always_on = plan["simulation"].values()
    assert [day["cameras"] for day in limited][:: len(limited) - 1] == [100, 100_000]
    assert limited[-1]["shed"] > 0.9 > unlimited[-1]["shed"] > always_on[-1]["shed"]
    assert [day["instances_most"] for day in always_on][:2] == [2, 5]  # 50 and 150 a second, 35 each
    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert image.width > 500
    assert _json(capsys, "--throughput", "50", "--simulate", "--seed", "7") == plan


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--application", "body-detecton"], "did you mean 'body-detection'"),
        (["--instance", "ml.g4dn.xlarg"], "did you mean 'ml.g4dn.xlarge'"),
        (["--model", "yolox_nno"], "did you mean 'yolox_nano'"),
        (["--model", "yunet_n"], "yunet_n does not serve body-detection; it takes"),
        (["--application", "custom"], "name yours with --model"),
        (["--model", "yolox_nano", "--cameras", "0"], "--cameras is 0; write 1 or more"),
        (["--retention-days", "-1"], "--retention-days is -1"),
        (["--retention-days", "99999"], "--retention-days is 99999; write a number from 0 to 36500"),
        (["--cameras", "1" + 20 * "0"], f"--cameras is 1{20 * '0'}; write 10,000,000 or fewer"),
        (["--fps", "1e300"], "--fps is 1e+300; write a number above 0, up to 1000"),
        (["--frame-kb", "1e300"], "--frame-kb is 1e+300; write a number above 0, up to 1,000,000"),
        (["--overhead-ms", "1e300"], "--overhead-ms is 1e+300; write a number from 0 to 29000"),
        (["--throughput", "1e-300"], "--throughput is 1e-300; write how many requests a second one instance manages"),
        (["--measure", "--clients", "0"], "--clients and --seconds must be above 0, up to 1000 and 86400"),
        (["--measure", "--seconds", "1e9"], "--clients and --seconds must be above 0, up to 1000 and 86400"),
        (["--throughput", "0"], "--throughput is 0"),
        (["--simulate", "--target", "0"], "--target is 0"),
        (
            ["--throughput", "5", "--output", "/proc/x/plan.png"],
            "cannot write /proc/x/plan.png: No such file or directory",
        ),
        (["--prices", "nowhere.json"], "nowhere.json is not a price table"),
        (["--instance", "ml.m5.xlarge"], "yolo3_darknet53_coco was never measured; give --throughput RPS"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ISSUE, *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_numbers_that_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("many", "nan", "inf", "-1"):
        with pytest.raises(SystemExit) as ended:
            main([*ISSUE, "--frame-kb", word])
        assert ended.value.code == 2
        said = capsys.readouterr().err
        assert f"'{word}' is not a number of 0 or more" in said or "expected one argument" in said
        assert said.count("\n") == 1
