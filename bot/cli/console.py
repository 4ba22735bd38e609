"""Helpers for commands: settings, printing, exit statuses."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.environment import EnvFile
    from bot.logging import StartLines
    from bot.settings import Settings

USAGE_STATUS = 2


def add_env_file(parser: argparse.ArgumentParser) -> None:
    """Add the argument of all commands that read settings."""
    parser.add_argument(
        "--env-file", metavar="FILE", help="read settings from this file too; the environment takes precedence"
    )


def env_file(arguments: argparse.Namespace) -> EnvFile | None:
    """Read the file that the command names. Raises EnvFileError."""
    if arguments.env_file is None:
        return None
    # Imported here, because few commands are given a file.
    from bot.env_file import export_network_variables, read_env_file  # noqa: PLC0415

    file = read_env_file(arguments.env_file)
    export_network_variables(file)
    return file


def read_settings(arguments: argparse.Namespace, lines: StartLines | None = None) -> Settings | None:
    """Read the settings from the environment and the command's file.

    Returns None after printing what is wrong with them, through `lines` if given. Raises EnvFileError.
    """
    # Imported here, so that a command without settings starts fast.
    from bot.load_settings import SettingsError, load_settings, unknown  # noqa: PLC0415

    given = env_file(arguments)
    for line in unknown(given):
        (lines.warn if lines else complain)(line)
    try:
        return load_settings(given)
    except SettingsError as error:
        for line in error.lines:
            (lines.fatal if lines else complain)(line)
        return None


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Print a line to stderr."""
    sys.stderr.write(f"{line}\n")


def terminal_columns() -> int | None:
    """Return the width of the terminal that the output goes to, or None if it doesn't go to one."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
