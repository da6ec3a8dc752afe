"""The registry of a running ``up``, as a process of its own administers it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from workbench.cameras.place import Asked, find
from workbench.cameras.registry import as_python
from workbench.errors import AccountError, CameraError
from workbench.local.services import object_store

pytestmark = pytest.mark.processes

REPOSITORY = Path(__file__).resolve().parents[3]
NAMES = ("local-registrytablescameras1a2b3c4d", "local-registrytablesstates1a2b3c4d")
REGION = "eu-north-1"
"""Of these tests alone: all servers of moto in a process have the same tables."""
COUNT = 1500


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with object_store.running("bucket", "us-east-1") as store:
        client: Any = boto3.client(
            "dynamodb",
            endpoint_url=store.url,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        for name in NAMES:
            client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            )
        yield store.url
        for name in NAMES:
            client.delete_table(TableName=name)


def _words(url: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "workbench", "camera", *words, "--endpoint-url", url, "--region", REGION]


def test_the_tables_are_found_by_their_names(url: str) -> None:
    place = find(Asked(endpoint_url=url, region=REGION))
    assert (place.registry.table, place.registry.states) == NAMES
    assert place.push_url == "http://127.0.0.1:8000/prod/push"
    named = find(Asked(endpoint_url=url, region=REGION, registry_table="a", states_table="b", push_url="http://x/push"))
    assert (named.registry.table, named.registry.states, named.push_url) == ("a", "b", "http://x/push")


def test_an_up_without_cameras(url: str) -> None:
    with pytest.raises(
        CameraError, match=r"has 0 tables of cameras and 0 of their states in eu-west-1; start it with .*=CAMERA"
    ):
        find(Asked(endpoint_url=url, region="eu-west-1"))


def test_an_up_that_does_not_run() -> None:
    with pytest.raises(AccountError, match="AWS cannot be asked: Could not connect to the endpoint URL"):
        find(Asked(endpoint_url="http://127.0.0.1:9"))


def test_ctrl_c_in_the_middle_of_an_import(url: str, tmp_path: Path) -> None:
    file, keys = tmp_path / "cameras.csv", tmp_path / "keys.csv"
    file.write_text("camera_id,site\n" + "".join(f"gate-{number:05},north\n" for number in range(COUNT)))
    words = _words(url, "import", str(file), "--secrets", str(keys), "--json")
    with subprocess.Popen(words, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not keys.exists() or len(keys.read_text().splitlines()) < COUNT // 5:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, complained = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "call it again, it goes on from there\n" in complained
    assert "Traceback" not in complained
    finished = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    done = json.loads(finished.stdout)
    assert done["made"] + done["there"] == COUNT
    assert done["there"] > 0
    assert done["made"] > 0
    assert len(keys.read_text().splitlines()) == COUNT + 1
    registry = find(Asked(endpoint_url=url, region=REGION)).registry
    pages = registry.client.get_paginator("scan").paginate(TableName=registry.table)
    items = [as_python(item) for page in pages for item in page["Items"]]
    cameras = {item["camera_id"] for item in items if item["id"].startswith("camera#")}
    assert len(cameras) == COUNT
    assert {item["camera_id"] for item in items if item["id"].startswith("key#")} == cameras
    assert len(items) == 2 * COUNT
    listed = subprocess.run(_words(url, "list", "--json"), cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert len(json.loads(listed.stdout)) == COUNT
