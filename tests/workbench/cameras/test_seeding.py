"""Cameras of a file in the registry of ``up``."""

from __future__ import annotations

import csv
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from tests.workbench.registry_tables import create_tables
from workbench.cameras import seeding
from workbench.cameras.registry import Registry
from workbench.errors import CameraError

NAMES = [f"gate-{number}" for number in range(7)]
SIGNER = "arn:aws:iam::111122223333:user/local"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield create_tables(boto3.client("dynamodb", region_name="us-east-1"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.csv"
    path.write_text(f"camera_id,principal\nsigner,{SIGNER}\n" + "".join(f"{name},\n" for name in NAMES))
    return path


def test_the_first_cameras_are_shown_and_all_keys_are_in_the_owners_file(
    registry: Registry, file: Path, tmp_path: Path
) -> None:
    seeded = seeding.seed(registry, seeding.read(file), tmp_path)
    assert [line.split()[1] for line in seeded.lines] == NAMES[:5]
    word, name, user_and_password, key = seeded.lines[0].split()
    secret = user_and_password.removeprefix(f"{name}:")
    assert (word, key.endswith(secret), len(key)) == ("Camera", True, len("k=") + 26)
    for each in NAMES:
        (credential,) = registry.required(each).credentials
        assert credential.scopes == ("frames", "read")
    (first,) = registry.required(NAMES[0]).credentials
    assert first.proves(secret, datetime.now(UTC))
    signer = registry.required("signer")
    assert (signer.credentials, signer.principal) == ((), SIGNER)
    assert stat.S_IMODE(seeded.secrets.stat().st_mode) == 0o600
    with seeded.secrets.open(newline="") as written:
        assert [row["camera_id"] for row in csv.DictReader(written)] == NAMES


def test_a_second_run_with_the_same_folder_gives_the_same_keys(registry: Registry, file: Path, tmp_path: Path) -> None:
    lines = seeding.seed(registry, seeding.read(file), tmp_path).lines
    for table in (registry.table, registry.states):
        registry.client.delete_table(TableName=table)
    again = create_tables(registry.client)
    assert seeding.seed(again, seeding.read(file), tmp_path).lines == lines


def test_a_wrong_row_is_named_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_text("camera_id\ngate 1\ngate 2\ngate-3\n")
    with pytest.raises(CameraError, match=r"cameras\.csv, line 2: 'gate 1' is no name.*; 1 more rows are wrong, too"):
        seeding.read(path)
