"""`bolt-bot hints check` and `try`.

The format is in `bot.core.logs.hints.file`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.cli.console import USAGE_STATUS, complain, say
from bot.cli.hints_argument import add_hints_arguments, read_hints
from bot.cli.log_files import MASK, Files, UnreadableError, as_hints, read_files
from bot.core.logs.hints.file import HintsFileError
from bot.core.text.text import plural
from bot.hints_file import load_own_hints

HELP = "check a hints file, or try it on a log"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    commands = parser.add_subparsers(required=True, metavar="command")
    checked = commands.add_parser("check", help="check a hints file and print each error with its line")
    checked.add_argument("file", metavar="FILE")
    checked.set_defaults(handle=_check_hints)

    tried = commands.add_parser(
        "try", help="show which hint each failure in a log gets; contacts neither Slack nor Bolt"
    )
    tried.add_argument("log", type=Path, metavar="LOG", help="a file with a command's output")
    tried.add_argument(
        "--results", type=Path, metavar="FILE", help="the run_results.json or sources.json that the command wrote"
    )
    tried.add_argument("--exit", type=int, metavar="STATUS", help="the command's exit status")
    add_hints_arguments(tried)
    tried.set_defaults(handle=_try_hints)


def _check_hints(arguments: argparse.Namespace) -> int:
    try:
        found = load_own_hints(arguments.file, MASK)
    except HintsFileError as error:
        for line in error.lines:
            complain(f"{arguments.file}: {line}")
        return USAGE_STATUS
    say(
        f"{arguments.file}: {plural(len(found), 'hint')}, tried before the built-in ones; "
        "the first that matches a message wins"
    )
    return 0


def _try_hints(arguments: argparse.Namespace) -> int:
    hints = read_hints(arguments)
    if hints is None:
        return USAGE_STATUS
    try:
        found = read_files(Files(arguments.log, None, arguments.results), exit_code=arguments.exit, hints=hints)
    except UnreadableError as error:
        complain(f"{error}.")
        return USAGE_STATUS
    say(as_hints(found, hints, arguments.exit))
    return 0
