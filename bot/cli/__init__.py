"""The command `bolt-bot`, with one module per subcommand."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import metadata
from typing import NoReturn, Protocol

from bot.cli import audit, demo, doctor, hints, manifest, policy, read_log, run, sandbox, watches
from bot.core.redact.masker import Redactor

INTERRUPTED_STATUS = 130


class _Command(Protocol):
    """A module with a subcommand: its help text and its arguments, which set the function to call as `handle`."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments to its parser."""


# In listing order.
COMMANDS: dict[str, _Command] = {
    "run": run,
    "demo": demo,
    "sandbox": sandbox,
    "doctor": doctor,
    "manifest": manifest,
    "policy": policy,
    "hints": hints,
    "read-log": read_log,
    "watches": watches,
    "audit": audit,
}


class _Parser(argparse.ArgumentParser):
    """A parser whose error messages quote invalid arguments without secrets."""

    def error(self, message: str) -> NoReturn:
        """Print the error and the usage, and exit."""
        super().error(Redactor().mask(message))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns its exit status: 0 for success, 1 if it failed, 2 for wrong arguments or settings."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.handle(arguments))
    except KeyboardInterrupt:
        return INTERRUPTED_STATUS


def _parser() -> _Parser:
    parser = _Parser(prog="bolt-bot", description="Start, follow and understand Paradime Bolt runs from Slack.")
    parser.add_argument("--version", action="version", version=metadata.version("bolt-bot"))
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, command in COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=command.HELP))
    return parser
