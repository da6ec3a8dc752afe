"""Arguments of the verb ``camera``: its actions, and where the registry is."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench import regions
from workbench.camera.arguments import api_url
from workbench.cameras.listing import STATES
from workbench.cameras.place import DEFAULT_STACK, Asked
from workbench.number_arguments import whole_number

KEY_IS_ASKED = ""
"""``--key`` without a value: the key is asked for, and not shown."""
_LONGEST_OVERLAP_HOURS = 24 * 90


def add(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their arguments."""
    place = _place()
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, summary: str, *names: str) -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=summary, description=summary, parents=[place], allow_abbrev=False)
        for each in names:
            added.add_argument(each, metavar=each.upper(), help="the camera")
        return added

    added = action("add", "add a camera, show its key once, and say what to type into its menu", "name")
    for fact, said in {
        "site": "where it stands",
        "tags": "its groups, commas between",
        "vendor": "whose menu it has: hikvision, dahua, axis, ...",
        "principal": "ARN of the role, user or session with which it signs; it gets no key then",
    }.items():
        added.add_argument(f"--{fact}", help=said)
    _add_scopes(added)
    imported = action("import", "add the cameras of a file that are missing; a second time goes on")
    imported.add_argument("file", type=Path, metavar="FILE", help="CSV with a line of names, or JSON lines")
    imported.add_argument(
        "--secrets", type=Path, required=True, metavar="FILE", help="where the keys go; for you alone"
    )
    listed = action("list", "list cameras: their state, when each was last seen, its frames today")
    listed.add_argument("--site", help="those of a site")
    listed.add_argument("--tag", help="those with a tag")
    listed.add_argument("--state", choices=STATES, help="those in a state")
    action("show", "show all about a camera, with the profile in force and where each value comes from", "name")
    changed = action("set", "change facts or the profile of a camera, or the profile of a tag or the fleet")
    changed.add_argument(
        "words", nargs="+", metavar="NAME KEY=VALUE", help="the camera, and KEY=VALUE; an empty VALUE takes it away"
    )
    whose = changed.add_mutually_exclusive_group()
    whose.add_argument("--fleet", action="store_true", help="the profile of all cameras")
    whose.add_argument("--tag", help="the profile of all cameras with a tag")
    action("disable", "refuse a camera, within a minute", "name")
    action("enable", "take a camera again", "name")
    rotated = action("rotate", "give a camera a new key; the present one ends after the overlap", "name")
    ends = rotated.add_mutually_exclusive_group()
    ends.add_argument("--overlap", type=_hours, default=24, metavar="HOURS", help="default: 24")
    ends.add_argument("--now", action="store_true", help="end all older keys at once")
    _add_scopes(rotated)
    action("remove", "delete a camera, its keys and its state", "name")
    tried = action("test", "send a picture as the camera does, and look whether the registry saw it", "name")
    tried.add_argument(
        "--key",
        nargs="?",
        const=KEY_IS_ASKED,
        help="its key or password; asked for when left empty (default: a key of 5 minutes, taken away afterwards)",
    )
    tried.add_argument("--frame", type=Path, help="a JPEG file (default: a test picture)")


def asked(arguments: argparse.Namespace) -> Asked:
    """Place that the arguments name."""
    return Asked(
        stack=arguments.stack,
        region=arguments.region,
        profile=arguments.profile,
        endpoint_url=arguments.endpoint_url,
        registry_table=arguments.registry_table,
        states_table=arguments.states_table,
        push_url=arguments.push_url,
    )


def _place() -> argparse.ArgumentParser:
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument(
        "--stack", default=DEFAULT_STACK, help=f"the stack, whose outputs name the tables (default: {DEFAULT_STACK})"
    )
    place.add_argument("--region", type=regions.argument, help="its region (default: that of the AWS configuration)")
    place.add_argument("--profile", help="profile of the AWS configuration")
    place.add_argument("--endpoint-url", type=api_url, metavar="URL", help="DynamoDB of a running up, which prints it")
    place.add_argument("--registry-table", metavar="TABLE", help="the table, instead of a stack; with --states-table")
    place.add_argument("--states-table", metavar="TABLE", help="its table of states")
    place.add_argument("--push-url", type=api_url, metavar="URL", help="where cameras push (default: the stack's)")
    place.add_argument("--json", action="store_true", help="print JSON")
    return place


def _add_scopes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scopes", metavar="NAMES", help="what its key may do: frames,read,faces (default: frames,read)"
    )


def _hours(text: str) -> int:
    hours = whole_number(0)(text)
    if hours > _LONGEST_OVERLAP_HOURS:
        raise argparse.ArgumentTypeError(f"'{text}' is too long; write at most {_LONGEST_OVERLAP_HOURS} hours")
    return hours
