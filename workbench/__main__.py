"""Entry point of ``ipc-ai VERB`` and ``python -m workbench VERB``."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import signal
import sys
import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol, cast

from ipc_ai_catalogue import CatalogueError, nearest
from workbench import places, typed
from workbench.errors import WorkbenchError

VERBS = (
    "up",
    "send",
    "fetch",
    "demo",
    "export",
    "compile",
    "benchmark",
    "recognise",
    "compare-models",
    "package",
    "image",
    "deploy",
    "destroy",
    "publish",
    "permissions",
    "plan",
    "speed",
    "replay",
    "camera",
)
_CLOSE_OPTION = 0.76
"""Similarity of a mistyped option; all options have their dashes in common, and so --engine is at 0.75 of --region."""

_INTERRUPTED = 128 + signal.SIGINT


class _Verb(Protocol):
    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


class _OneLineParser(argparse.ArgumentParser):
    """Parser that reports an error in one line, with the nearest right value."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())}; try --help\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help as any output is printed: argparse would hide that it cannot be written."""
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        return super().parse_known_args(_with_model_first(args, self._actions), namespace)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if arg_string == "" != action.default and action.nargs != argparse.PARSER:
            raise argparse.ArgumentError(action, "the value is empty; give one, or leave it out")
        return super()._get_value(action, arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(
                action, f"unknown value '{value}'{nearest(value, choices)}; it takes one of: {', '.join(choices)}"
            )


def _with_model_first(words: Sequence[str], actions: Sequence[argparse.Action]) -> list[str]:
    """Move a model behind ``--context NAME=VALUE`` to the front: an option with several values would take it, too."""
    several = [action for action in actions if (action.metavar, action.nargs) == ("NAME=VALUE", "+")]
    listing = {name for action in several for name in action.option_strings}
    if not listing or all(action.option_strings for action in actions):
        return list(words)
    sorted_words: list[str] = []
    model: list[str] = []
    for number, word in enumerate(words):
        is_last_value = all(following.startswith("-") for following in words[number + 1 : number + 2])
        if "=" not in word and "=" in words[number - 1] and _lists(words[:number], listing) and is_last_value:
            model.append(word)
        else:
            sorted_words.append(word)
    return model + sorted_words


def _lists(words: Sequence[str], listing: Collection[str]) -> bool:
    """Return whether the last option among the words is one of those with several values NAME=VALUE."""
    return next((word in listing for word in reversed(words) if word.startswith("-")), False)


def main(words: list[str]) -> int:
    """Run a verb and return its exit code, which is 2 when the request cannot be met."""
    parser = _OneLineParser(prog=typed.NAME, description="Run, feed and supply the service.", allow_abbrev=False)
    parser.add_argument("--version", action="store_true", help="print the version of the product")
    if words[:1] == ["--version"]:  # without importing any verb
        print(_version(parser))
        return 0
    if words and not words[0].startswith("-") and words[0] not in VERBS:
        parser.error(f"unknown verb '{words[0]}'{nearest(words[0], VERBS)}; verbs: {', '.join(VERBS)}")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=_OneLineParser)
    # Only the called verb is imported, because an image build has nothing but the packages of `fetch`.
    called = words[:1] if words[:1] and words[0] in VERBS else VERBS
    verbs = {name: _imported(name, parser) for name in called}
    for name, verb in verbs.items():
        summary = (verb.__doc__ or "").strip().splitlines()[0]
        verb.add_arguments(subparsers.add_parser(name, help=summary, description=summary))
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        _refuse(parser, _called(parser, arguments), unknown[0])
    if arguments.verb is None:
        parser.print_help()
        return 2
    _never_proxy_this_machine()
    _end_in_order_on_signals()
    try:
        return verbs[arguments.verb].run(arguments)
    except (WorkbenchError, CatalogueError) as error:
        return _failed(arguments.verb, str(error))
    except OSError as error:
        if error.filename is None:
            raise
        return _failed(arguments.verb, f"{error.filename}: {error.strerror}; name another file or folder")
    except KeyboardInterrupt:
        return _INTERRUPTED


def _failed(verb: str, said: str) -> int:
    """Print an error in one line, whatever a program that is quoted in it has said."""
    print(f"{typed.NAME} {verb}: {' '.join(filter(None, map(str.strip, said.splitlines())))}", file=sys.stderr)
    return 2


def _version(parser: _OneLineParser) -> str:
    """Read the version from the checkout's pyproject.toml, which the build of an image lacks."""
    try:
        text = (places.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        parser.error(f"the version stands in {error.filename}, which is not here")
    return str(tomllib.loads(text)["project"]["version"])


def _imported(verb: str, parser: _OneLineParser) -> _Verb:
    """Import a verb; the build of an image has one verb and the packages of it."""
    try:
        return cast(_Verb, importlib.import_module(f"workbench.verbs.{verb.replace('-', '_')}"))
    except ModuleNotFoundError as error:
        parser.error(f"the verb '{verb}' needs the module '{error.name}', which is not here")


def _called(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> argparse.ArgumentParser:
    """Return the parser of the verb, or of its action where it has several."""
    for choice in parser._actions:
        if isinstance(choice, argparse._SubParsersAction) and getattr(arguments, choice.dest, None) in choice.choices:
            return _called(choice.choices[getattr(arguments, choice.dest)], arguments)
    return parser


def _refuse(parser: _OneLineParser, verb: argparse.ArgumentParser, word: str) -> NoReturn:
    """End with an error that names the nearest option of the verb, or the place of a word that may be left out."""
    options = [name for action in verb._actions for name in action.option_strings if name.startswith("--")]
    name = word.split("=")[0]
    known = f"{nearest(name, options, cutoff=_CLOSE_OPTION)}; options: {', '.join(options)}"
    if not word.startswith("-"):
        may_be_left_out = [action.metavar for action in verb._actions if action.nargs == "?" and action.metavar]
        known = "".join(f"; write one {metavar}, before the options" for metavar in may_be_left_out)
    parser.error(f"unknown argument '{name}'{known}")


def _end_in_order_on_signals() -> None:
    """Handle every signal to end as Ctrl-C, so that the workbench stops the processes that it started.

    Shells ignore SIGINT for background jobs, so it is enabled again. SIGHUP stays ignored under nohup.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def _never_proxy_this_machine() -> None:
    """Exclude this machine from any proxy, because the parts of a local run talk to each other directly."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", "localhost"]))


def command() -> int:
    """Run what the words of this process ask for; the installed ``ipc-ai``.

    A reader that has enough, such as ``head``, ends the command quietly, with the exit code of a program that SIGPIPE
    ended. The signal itself stays ignored, because it would end a local run at the first client that hangs up.
    """
    _open_closed_streams()
    # Imports may turn the exception of Ctrl-C into another, and there is nothing to put in order yet.
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    try:
        try:
            return main(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        return _without_reader()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich's, which says 1
            return _without_reader()
        raise
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"{typed.NAME}: cannot write: {error.strerror}; make room", file=sys.stderr)
        return _silenced(2)


def _open_closed_streams() -> None:
    """Open standard streams that the caller closed, so that no file of ours takes their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _without_reader() -> int:
    return _silenced(128 + signal.SIGPIPE)


def _silenced(code: int) -> int:
    """Return the code, with the output that is left thrown away: Python would complain of it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
    return code


if __name__ == "__main__":
    sys.exit(command())
