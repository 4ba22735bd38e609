"""`bolt-bot read-log`: show what the bot would say about a command's output.

`bot.core.logs.read_log` reads the output.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.cli.console import USAGE_STATUS, complain, say
from bot.cli.hints_argument import add_hints_arguments, read_hints
from bot.cli.log_files import Files, UnreadableError, as_json, as_text, read_files

HELP = "show what the bot would say about a command's output, read from files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--stdout", required=True, type=Path, metavar="FILE", help="what the command wrote to stdout")
    parser.add_argument("--stderr", type=Path, metavar="FILE", help="what the command wrote to stderr")
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="the run_results.json or sources.json that the command wrote"
    )
    parser.add_argument("--command", default="", metavar="TEXT", help='the command, as in "dbt build"')
    parser.add_argument("--exit", type=int, metavar="STATUS", help="the command's exit status")
    add_hints_arguments(parser)
    parser.add_argument(
        "--show-row-values", action="store_true", help="show row values, as with BOLT_BOT_SHOW_ROW_VALUES=1"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handle=_read_log)


def _read_log(arguments: argparse.Namespace) -> int:
    hints = read_hints(arguments)
    if hints is None:
        return USAGE_STATUS
    files = Files(arguments.stdout, arguments.stderr, arguments.results)
    try:
        found = read_files(
            files,
            command=arguments.command,
            exit_code=arguments.exit,
            row_values=arguments.show_row_values,
            hints=hints,
        )
    except UnreadableError as error:
        complain(f"{error}.")
        return USAGE_STATUS
    say(as_json(found) if arguments.json else as_text(found))
    return 0
