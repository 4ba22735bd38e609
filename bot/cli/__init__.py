"""The command `bolt-bot`, with one module per subcommand."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, Protocol, cast

from bot.cli.console import USAGE_STATUS, complain
from bot.environment import EnvFileError

INTERRUPTED_STATUS = 130


class _Command(Protocol):
    """A module with a subcommand: its help text and its arguments, which set the function to call as `handle`."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments to its parser."""


# In the order of the help. The module of each command has the same name, with underscores.
COMMANDS = (
    "run",
    "demo",
    "sandbox",
    "doctor",
    "config",
    "healthcheck",
    "manifest",
    "policy",
    "hints",
    "read-log",
    "watches",
    "audit",
)


class _Parser(argparse.ArgumentParser):
    """A parser whose error messages quote invalid arguments without secrets."""

    def error(self, message: str) -> NoReturn:
        """Print the error and the usage, and exit."""
        super().error(_masked(message))


def _masked(message: str) -> str:
    from bot.core.redact.masker import Masker  # noqa: PLC0415 - few commands need it, and it's slow to import

    return Masker().mask(message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns its exit status: 0 for success, 1 if it failed, 2 for wrong arguments or settings."""
    given = sys.argv[1:] if argv is None else argv
    arguments = _parser(given).parse_args(given)
    try:
        return int(arguments.handle(arguments))
    except EnvFileError as error:
        complain(_masked(f"{error}."))
        return USAGE_STATUS
    except KeyboardInterrupt:
        return INTERRUPTED_STATUS


class _Version(argparse.Action):
    """Prints the version and the git revision, which are only looked up when needed, because that takes time."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print the version and exit."""
        from bot.build_info import BuildInfo  # noqa: PLC0415 - as above

        build = BuildInfo.of(os.environ.get("BOLT_BOT_REVISION"))
        sys.stdout.write(f"{build.version}{f' (revision {build.revision})' if build.revision else ''}\n")
        parser.exit()


def _parser(given: Sequence[str]) -> _Parser:
    """Return a parser for these arguments. Only the command that they name is imported, or all if they name none."""
    parser = _Parser(prog="bolt-bot", description="Start, follow and understand Paradime Bolt runs from Slack.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name in given[:1] if given and given[0] in COMMANDS else COMMANDS:
        command = cast("_Command", import_module(f"bot.cli.{name.replace('-', '_')}"))
        command.add_arguments(commands.add_parser(name, help=command.HELP))
    return parser
