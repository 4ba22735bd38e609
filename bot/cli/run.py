"""`bolt-bot run`: run the bot.

`bot.process` runs the bot until a signal.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from bot.cli.console import USAGE_STATUS, add_env_file, env_file, read_settings
from bot.environment import read_environment

if TYPE_CHECKING:
    from bot.logging import StartLines

LOG_FORMAT = "BOLT_BOT_LOG_FORMAT"
HELP = "run the bot, configured by environment variables"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_env_file(parser)
    parser.set_defaults(handle=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = read_settings(arguments, _log_early(arguments))
    if settings is None:
        return USAGE_STATUS
    # Imported here, so that wrong settings are reported at once.
    from bot.process import run_bot  # noqa: PLC0415

    return asyncio.run(run_bot(settings))


def _log_early(arguments: argparse.Namespace) -> StartLines:
    """Log in the chosen format, masked, before there are settings. Returns the writer of lines about startup.

    Raises EnvFileError.
    """
    from bot.core.redact.masker import Masker  # noqa: PLC0415 - as above
    from bot.logging import StartLines, configure_logging, log_uncaught  # noqa: PLC0415 - as above

    chosen = read_environment([LOG_FORMAT], env_file(arguments)).values.get(LOG_FORMAT, "").lower()
    configure_logging(chosen, "info", Masker().mask)
    log_uncaught()
    return StartLines(chosen)
