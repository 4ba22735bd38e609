"""The arguments `--hints` and `--schedule`, shared by several commands."""

from __future__ import annotations

import argparse

from bot.cli.console import add_env_file, complain, env_file
from bot.cli.log_files import MASK
from bot.core.logs.hints.file import HintsFileError
from bot.core.logs.hints.hint import Table
from bot.environment import read_variable
from bot.hints_file import load_hint_table


def add_hints_arguments(parser: argparse.ArgumentParser) -> None:
    """Add both arguments."""
    parser.add_argument("--hints", metavar="FILE", help="your own hints (default: BOLT_BOT_HINTS_FILE)")
    add_env_file(parser)
    parser.add_argument("--schedule", default="", metavar="NAME", help="the schedule, for hints that name one")


def read_hints(arguments: argparse.Namespace) -> Table | None:
    """Load the hints for `--hints` and `--schedule`. Returns None after printing why they can't be loaded."""
    file = arguments.hints or read_variable("BOLT_BOT_HINTS_FILE", env_file(arguments))
    try:
        return load_hint_table(file, MASK).for_schedule(arguments.schedule)
    except HintsFileError as error:
        for line in error.lines:
            complain(f"{file}: {line}")
        return None
