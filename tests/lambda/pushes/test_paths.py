"""Paths that cameras call."""

from __future__ import annotations

import pytest

from inference_api.pushes import paths
from inference_api.pushes.paths import Place
from tests.lambda_events import as_request, proxy_event, with_query


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/push", Place(None, "")),
        ("/push/", Place(None, "")),
        ("/push/gate-1", Place("gate-1", "")),
        ("/push/gate%201/", Place("gate 1", "")),
        ("/push/NotificationInfo/KeepAlive", Place(None, "/NotificationInfo/KeepAlive")),
        ("/push/gate-1/NotificationInfo/KeepAlive", Place("gate-1", "/NotificationInfo/KeepAlive")),
        (
            "/push/LAPI/V1.0/System/Event/Notification/Alarm",
            Place(None, "/LAPI/V1.0/System/Event/Notification/Alarm"),
        ),
        ("/push/pictureHttpUpload", Place(None, "/pictureHttpUpload")),
        ("/NotificationInfo/TollgateInfo", Place(None, "/NotificationInfo/TollgateInfo")),
        ("/", Place(None, "")),
    ],
)
def test_the_camera_and_the_vendors_suffix(path: str, place: Place) -> None:
    assert paths.place_of(as_request(proxy_event(None, path=path))) == place


def test_a_suffix_behind_the_key_in_the_url() -> None:
    event = with_query(proxy_event(None, path="/push/gate-1"), k="abcKEY123/NotificationInfo/KeepAlive")
    assert paths.place_of(as_request(event)) == Place("gate-1", "/NotificationInfo/KeepAlive")


@pytest.mark.parametrize(
    ("method", "path", "below", "elsewhere", "heartbeat"),
    [
        ("POST", "/push", True, False, False),
        ("PUT", "/push/a/b/c", True, False, False),
        ("GET", "/push/gate-1", True, False, False),
        ("DELETE", "/push", False, False, False),
        ("POST", "/pushed", False, True, False),
        ("PUT", "/NotificationInfo/TollgateInfo", False, True, False),
        ("POST", "/inference/7", False, False, False),
        ("GET", "/", False, True, True),
        ("GET", "/PictureHttpUpload/keepalive", False, True, True),
        ("GET", "/NotificationInfo/KeepAlive/", False, True, True),
        ("GET", "/favicon.ico", False, False, False),
        ("GET", "/inference/keepalive", False, False, False),
        ("GET", "/push/keepalive", True, False, False),
    ],
)
def test_which_requests_may_be_pushes(method: str, path: str, below: bool, elsewhere: bool, heartbeat: bool) -> None:
    request = as_request(proxy_event(None, path=path, method=method))
    told = (paths.is_below_door(request), paths.may_be_elsewhere(request), paths.is_heartbeat_elsewhere(request))
    assert told == (below, elsewhere, heartbeat)
