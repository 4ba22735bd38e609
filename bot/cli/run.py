"""`bolt-bot run`: run the bot."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.console import USAGE_STATUS, add_env_file, read_settings

HELP = "run the bot, configured by environment variables"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_env_file(parser)
    parser.set_defaults(handle=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = read_settings(arguments)
    if settings is None:
        return USAGE_STATUS
    # Imported here, so that wrong settings are reported at once.
    from bot.app import run_bot  # noqa: PLC0415

    return asyncio.run(run_bot(settings))
