"""Interrupted imports, and two at once, with DynamoDB emulated by moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from camera_registry import credentials
from tests.workbench.registry_tables import create_tables
from workbench.cameras import import_file, importing, keys, secrets_file
from workbench.cameras.importing import Imported
from workbench.cameras.registry import Registry, as_python
from workbench.errors import CameraError

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 29, tzinfo=UTC)
COUNT = 60


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield create_tables(boto3.client("dynamodb", region_name="us-east-1"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.csv"
    path.write_text("camera_id\n" + "".join(f"gate-{number}\n" for number in range(COUNT)))
    return path


class Interrupted:
    """DynamoDB that is interrupted at the n-th call of a name, before or after it is done."""

    def __init__(self, client: Any, name: str, after: int, *, is_done: bool) -> None:
        self._client, self._name, self._left, self._is_done = client, name, after, is_done

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name != self._name:
            return method

        def call(**arguments: Any) -> Any:
            self._left -= 1
            if self._left >= 0:
                return method(**arguments)
            if self._is_done and self._left == -1:
                method(**arguments)
            raise KeyboardInterrupt

        return call


def _import(registry: Registry, file: Path, *, progress: Callable[[int], None] = lambda _: None) -> Imported:
    rows, _ = import_file.read(file, NOW)
    with secrets_file.opened(file.with_suffix(".keys")) as secrets:
        return importing.make(registry, importing.plan(registry, rows), secrets, NOW, progress)


def _items(registry: Registry) -> dict[str, Any]:
    return {item["id"]: item for item in map(as_python, registry.client.scan(TableName=registry.table)["Items"])}


def _told(file: Path) -> dict[str, str]:
    rows = [line.split(",") for line in file.with_suffix(".keys").read_text().splitlines()[1:]]
    assert len(rows) == len({row[0] for row in rows})
    return {row[0]: row[2] for row in rows}


@pytest.mark.parametrize(("call", "after"), [("batch_write_item", 1), ("put_item", 0), ("put_item", 33)])
@pytest.mark.parametrize("is_done", [False, True])
def test_an_interruption_loses_no_key_and_makes_none_twice(
    registry: Registry, file: Path, call: str, after: int, is_done: bool
) -> None:
    whole = registry.client
    registry.client = Interrupted(whole, call, after, is_done=is_done)
    with pytest.raises(KeyboardInterrupt):
        _import(registry, file)
    registry.client = whole
    told = _told(file)
    made = [item for key, item in _items(registry).items() if key.startswith("camera#")]
    for item in made:
        camera = registry.camera(item["camera_id"])
        assert camera is not None
        assert camera.credentials[0].proves(told[camera.camera_id], NOW)
    result = _import(registry, file)
    assert (result.made, result.there) == (COUNT - len(made), len(made))
    assert len(_items(registry)) == 2 * COUNT
    for name, secret in _told(file).items():
        assert told.get(name, secret) == secret
        camera = registry.camera(name)
        assert camera is not None
        assert camera.credentials[0].proves(secret, NOW)


def test_a_camera_that_another_adds_meanwhile_stays_as_it_is(registry: Registry, file: Path) -> None:
    rows, _ = import_file.read(file, NOW)
    planned = importing.plan(registry, rows)
    other = keys.with_first_key(rows[7].camera, credentials.drawn(), (), NOW)
    registry.write(None, other)
    counted: list[int] = []
    with secrets_file.opened(file.with_suffix(".keys")) as secrets:
        result = importing.make(registry, planned, secrets, NOW, counted.append)
    assert (result.made, result.there, sum(counted)) == (COUNT - 1, 1, COUNT)
    assert registry.camera("gate-7") == other
    assert len(_items(registry)) == 2 * COUNT


def test_a_principal_of_another_camera_is_refused_first(registry: Registry, file: Path) -> None:
    file.write_text("camera_id,principal\na,arn:aws:iam::111122223333:role/gate\n")
    _import(registry, file)
    file.write_text("camera_id,principal\nb,\nc,arn:aws:iam::111122223333:role/gate\n")
    with pytest.raises(CameraError, match=r"line 3: .* signs for 'a'; nothing was written"):
        _import(registry, file)
    assert len(_items(registry)) == 2


def test_what_dynamodb_hands_back_is_written_again(registry: Registry, file: Path) -> None:
    whole = registry.client

    class Throttling:
        def __getattr__(self, name: str) -> Any:
            return getattr(whole, name)

        def batch_write_item(self, *, RequestItems: dict[str, list[Any]]) -> Any:  # noqa: N803
            ((table, requests),) = RequestItems.items()
            whole.batch_write_item(RequestItems={table: requests[:10]})
            return {"UnprocessedItems": {table: requests[10:]} if requests[10:] else {}}

    registry.client = Throttling()
    assert _import(registry, file).made == COUNT
    assert len(_items(registry)) == 2 * COUNT


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    key = credentials.drawn()
    with secrets_file.opened(path) as secrets:
        secrets.append([("00:1a:2b:3c:4d:5e", key)])
        with pytest.raises(CameraError, match="another import writes"), secrets_file.opened(path):
            pass
    assert path.read_text().splitlines()[1] == f"00:1a:2b:3c:4d:5e,{key.name},{key.secret},{key.text}"
    with path.open("a") as cut:
        cut.write("gate-2,gate-2,abc")
    with secrets_file.opened(path) as secrets:
        assert secrets.keys == {"00:1a:2b:3c:4d:5e": key}
        secrets.append([("gate-3", key)])
    assert [line.split(",")[0] for line in path.read_text().splitlines()[2:]] == ["gate-2", "gate-3"]
    other = tmp_path / "cameras.csv"
    other.write_text("camera_id,site\n")
    other.chmod(0o600)
    with pytest.raises(CameraError, match="holds other things than keys"), secrets_file.opened(other):
        pass
    path.chmod(0o640)
    with pytest.raises(CameraError, match=r"others can read .*; run 'chmod 600' on it"), secrets_file.opened(path):
        pass
    (tmp_path / "link").symlink_to(path)
    for none in (tmp_path / "link", tmp_path, tmp_path / "no" / "folder", Path("/dev/full")):
        with pytest.raises(CameraError, match="name another"), secrets_file.opened(none):
            pass
