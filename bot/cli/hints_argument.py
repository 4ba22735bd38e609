"""The arguments `--hints` and `--schedule`, shared by several commands."""

from __future__ import annotations

import argparse
import os

from bot.cli.console import complain
from bot.cli.log_files import MASK
from bot.core.insight.hints.file import HintsFileError
from bot.core.insight.hints.hint import Table
from bot.hints_file import load_hint_table


def add_hints_arguments(parser: argparse.ArgumentParser) -> None:
    """Add both arguments."""
    parser.add_argument("--hints", metavar="FILE", help="your own hints (default: BOLT_BOT_HINTS_FILE)")
    parser.add_argument("--schedule", default="", metavar="NAME", help="the schedule, for hints that name one")


def read_hints(arguments: argparse.Namespace) -> Table | None:
    """Load the hints for `--hints` and `--schedule`. Returns None after printing why they can't be loaded."""
    file = arguments.hints or os.environ.get("BOLT_BOT_HINTS_FILE", "").strip() or None
    try:
        return load_hint_table(file, MASK).for_schedule(arguments.schedule)
    except HintsFileError as error:
        for line in error.lines:
            complain(f"{file}: {line}")
        return None
