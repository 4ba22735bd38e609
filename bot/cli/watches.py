"""`bolt-bot watches check` and `export`: the watches file.

The format is in `bot.core.watching.watches_file`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot.cli.console import USAGE_STATUS, add_env_file, complain, read_settings, say
from bot.core.model.errors import BotError
from bot.core.text.text import plural
from bot.core.text.yaml_file import YamlFileError
from bot.core.watching.watches_file import write_watches
from bot.watch_files import load_watches

HELP = "check a file of watches, or print the current watches in that format"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    commands = parser.add_subparsers(required=True, metavar="command")
    checked = commands.add_parser("check", help="check a watches file and print each error with its line")
    checked.add_argument("file", metavar="FILE")
    checked.set_defaults(handle=_check_watches)
    export = commands.add_parser("export", help="print every channel's watches as a file for BOLT_BOT_WATCHES_FILE")
    add_env_file(export)
    export.set_defaults(handle=_export_watches)


def _check_watches(arguments: argparse.Namespace) -> int:
    try:
        found = load_watches(arguments.file)
    except YamlFileError as error:
        for line in error.lines:
            complain(f"{arguments.file}: {line}")
        return USAGE_STATUS
    channels = plural(len({one.channel for one in found}), "channel")
    say(f"{arguments.file}: {plural(len(found), 'watch', 'watches')} in {channels}")
    return 0


def _export_watches(arguments: argparse.Namespace) -> int:
    settings = read_settings(arguments)
    if settings is None:
        return USAGE_STATUS
    from bot.cli.stored_watches import stored_watches  # noqa: PLC0415 - imported here, so that wrong settings are reported at once

    try:
        watches = asyncio.run(stored_watches(settings))
    except BotError as error:
        complain(error.sentence)
        return 1
    sys.stdout.write(write_watches(watches))
    return 0
