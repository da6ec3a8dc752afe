"""Administer the cameras that may call: add, import, list, show, set, disable, enable, rotate, remove, test."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from camera_registry import cameras, credentials
from camera_registry.cameras import DISABLED, ENABLED, Camera
from camera_registry.credentials import Key
from workbench import named_values, typed
from workbench.cameras import (
    arguments as camera_arguments,
)
from workbench.cameras import (
    facts,
    import_file,
    importing,
    keys,
    listing,
    place,
    report,
    secrets_file,
    trial,
)
from workbench.cameras.instructions import instructions, user_name
from workbench.cameras.place import Place
from workbench.cameras.registry import Registry
from workbench.errors import CameraError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    camera_arguments.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do one thing with the registry."""
    found = place.find(camera_arguments.asked(arguments))
    return _ACTIONS[arguments.action](arguments, found)


def _add(arguments: argparse.Namespace, found: Place) -> int:
    registry, name, now = found.registry, arguments.name, _now()
    said = {fact: getattr(arguments, fact) for fact in facts.FACTS if getattr(arguments, fact) is not None}
    scopes = facts.required_scopes(facts.several("scopes", arguments.scopes or ""))
    camera = facts.new_camera(name, facts.changes(said), now)
    present = registry.camera(name)
    if present is not None:
        facts.require_same(present, camera, said, scopes, now)
        return _say(arguments, {"camera_id": name, "added": False}, f"'{name}' is there already; nothing was changed")
    _push_url(found)
    key = None
    if scopes or not camera.principal:
        key = credentials.drawn()
        camera = keys.with_first_key(camera, key, scopes, now)
    registry.write(None, camera)
    return _told(arguments, found, camera, key, {"added": True}, f"added '{name}'")


def _import(arguments: argparse.Namespace, found: Place) -> int:
    now = _now()
    rows, bad = import_file.read(arguments.file, now)
    for row in bad:
        print(f"{arguments.file}, line {row.line}: {row.fault}", file=sys.stderr)
    if bad:
        raise CameraError(f"{len(bad)} of {len(bad) + len(rows)} rows cannot be imported; nothing was written")
    planned = importing.plan(found.registry, rows)
    console = Console(stderr=True)
    columns = (TextColumn("cameras"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        secrets_file.opened(arguments.secrets) as secrets,
        Progress(*columns, console=console, disable=not console.is_terminal) as shown,
    ):
        task = shown.add_task("", total=len(planned.missing))
        try:
            made = importing.make(found.registry, planned, secrets, now, lambda count: shown.advance(task, count))
        except KeyboardInterrupt:
            print(f"stopped after {planned.result.made}; call it again, it goes on from there", file=sys.stderr)
            raise
    document = {"made": made.made, "there": made.there, "differing": made.differing, "secrets": str(arguments.secrets)}
    lines = f"made {made.made}, there already {made.there}; keys in {arguments.secrets}"
    if made.differing:
        lines += f"\n{len(made.differing)} differ from the file and stay as they are: {', '.join(made.differing[:5])}"
    return _say(arguments, document, lines)


def _list(arguments: argparse.Namespace, found: Place) -> int:
    now = _now()
    every = listing.everything(found.registry, now)
    chosen = listing.chosen(every, site=arguments.site, tag=arguments.tag, state=arguments.state)
    if arguments.json:
        return _say(arguments, [each.as_document() for each in chosen], "")
    return _say(arguments, None, report.table(chosen, now))


def _show(arguments: argparse.Namespace, found: Place) -> int:
    now = _now()
    camera = found.registry.required(arguments.name)
    seen = listing.one(found.registry, camera, now)
    profile = report.profile_lines(listing.profiles_of(found.registry, camera))
    document = report.described(camera, seen, profile, now)
    return _say(arguments, document, report.shown(document, camera, seen, now))


def _set(arguments: argparse.Namespace, found: Place) -> int:
    names = [word for word in arguments.words if "=" not in word]
    words = named_values.parse([word for word in arguments.words if "=" in word], example="site=north")
    is_wider = arguments.fleet or arguments.tag is not None
    if len(names) != (0 if is_wider else 1) or not words:
        raise CameraError(
            "name one camera and KEY=VALUE, or --fleet or --tag TAG and KEY=VALUE alone; for example "
            f"'{typed.command('camera', 'set', 'gate-1', 'site=north')}'"
        )
    changes = facts.changes(words, of_profile_alone=is_wider)
    if is_wider:
        return _set_profile(arguments, found.registry, changes)
    camera = found.registry.required(names[0])
    changed = changes.on(camera)
    document = {"camera_id": camera.camera_id, "changed": changed != camera}
    return _changed(arguments, found.registry, camera, changed, document, f"set {', '.join(words)} of '{names[0]}'")


def _set_profile(arguments: argparse.Namespace, registry: Registry, changes: facts.Changes) -> int:
    tag = arguments.tag
    key = cameras.FLEET_PROFILE if tag is None else cameras.tag_profile_key(facts.required_tag(tag))
    profile = changes.on_profile(registry.profile(key))
    registry.write_profile(key, profile, _now())
    whose = "the fleet" if tag is None else f"tag {tag}"
    document = {"profile_of": whose, "profile": json.loads(profile.as_json())}
    return _say(arguments, document, f"the profile of {whose}: {profile.as_json()}")


def _status(arguments: argparse.Namespace, found: Place) -> int:
    status = DISABLED if arguments.action == "disable" else ENABLED
    camera = found.registry.required(arguments.name)
    changed = dataclasses.replace(camera, status=status)
    document = {"camera_id": camera.camera_id, "status": status, "changed": changed != camera}
    return _changed(arguments, found.registry, camera, changed, document, f"'{camera.camera_id}' is {status}")


def _rotate(arguments: argparse.Namespace, found: Place) -> int:
    camera, now = found.registry.required(arguments.name), _now()
    scopes = facts.required_scopes(facts.several("scopes", arguments.scopes or ""))
    overlap = timedelta(hours=0 if arguments.now else arguments.overlap)
    _push_url(found)
    changed, key, end = keys.rotated(camera, scopes, overlap=overlap, now=now)
    found.registry.write(camera, changed)
    until = f"; the older one is good until {end:%Y-%m-%d %H:%M} UTC" if end else "; older ones end within a minute"
    facts_of_it = {"older_key_expires": end.isoformat() if end else None}
    return _told(arguments, found, changed, key, facts_of_it, f"'{camera.camera_id}' has a new key{until}")


def _remove(arguments: argparse.Namespace, found: Place) -> int:
    camera = found.registry.camera(arguments.name)
    document = {"camera_id": arguments.name, "removed": camera is not None}
    if camera is None:
        return _say(arguments, document, f"{found.registry.missing(arguments.name)}; nothing was removed")
    found.registry.remove(camera)
    return _say(arguments, document, f"removed '{camera.camera_id}'; it is refused within a minute")


def _test(arguments: argparse.Namespace, found: Place) -> int:
    """Send a picture with the key given, or with one made for it; return 1 when it was not taken and seen."""
    registry, camera = found.registry, found.registry.required(arguments.name)
    trial.required_enabled(camera)
    url, frame = _push_url(found), arguments.frame or trial.TEST_FRAME
    started = _now()
    with Console(stderr=True).status("waiting for the answer") as status:
        if arguments.key is None:
            with trial.temporary_key(registry, camera) as key:
                proof = (user_name(camera.camera_id, key), key.secret)
                answer = trial.send(url, frame, proof, is_new=True, waiting=status.update)
        else:
            proof = trial.as_basic(camera.camera_id, arguments.key or getpass.getpass("key or password: "))
            answer = trial.send(url, frame, proof, is_new=False, waiting=status.update)
        is_taken = answer.status < 300
        seen = trial.noted(registry, camera.camera_id, started) if is_taken else None
    document = {
        "status": answer.status,
        "milliseconds": round(answer.milliseconds),
        "answer": answer.text,
        "last_seen": seen.isoformat() if seen else None,
    }
    noted = f"seen {report.ago(seen, _now())}" if seen else "the registry has no sign of life of it"
    _say(arguments, document, f"{answer.status} in {answer.milliseconds:.0f} ms\n{answer.text.strip()}\n{noted}")
    return 0 if seen else 1


def _changed(
    arguments: argparse.Namespace, registry: Registry, before: Camera, after: Camera, document: Any, done: str
) -> int:
    if after == before:
        return _say(arguments, document, f"{done} already; nothing was changed")
    registry.write(before, dataclasses.replace(after, updated=_now()))
    return _say(arguments, document, f"{done}; it is in force within a minute")


def _told(
    arguments: argparse.Namespace, found: Place, camera: Camera, key: Key | None, document: Mapping[str, Any], done: str
) -> int:
    """Tell a key, this once, with what to type into the camera's menu."""
    if key is None:
        return _say(arguments, {"camera_id": camera.camera_id, **document}, f"{done}; it signs as {camera.principal}")
    told = {"user": user_name(camera.camera_id, key), "password": key.secret, "key": key.text}
    menu = instructions(camera.vendor, push_url=_push_url(found), camera_id=camera.camera_id, key=key)
    whole = {"camera_id": camera.camera_id, **document, **told, **menu.as_document()}
    return _say(arguments, whole, f"{done}\n\n{report.told_once(menu, **told)}")


def _push_url(found: Place) -> str:
    """Where cameras push; asked for before a key is made, which is told once."""
    if not found.push_url:
        raise CameraError("no one said where cameras push; name it with --push-url")
    return found.push_url


def _say(arguments: argparse.Namespace, document: Any, lines: str) -> int:
    print(json.dumps(document, indent=2, ensure_ascii=False) if arguments.json else lines, flush=True)
    return 0


def _now() -> datetime:
    return datetime.now(UTC)


_ACTIONS = {
    "add": _add,
    "import": _import,
    "list": _list,
    "show": _show,
    "set": _set,
    "disable": _status,
    "enable": _status,
    "rotate": _rotate,
    "remove": _remove,
    "test": _test,
}
