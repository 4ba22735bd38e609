"""`bolt-bot audit export`: export the audit log.

`bot.cli.audit_lines` formats the entries.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

from bot.cli.console import USAGE_STATUS, add_env_file, complain, read_settings, say
from bot.core.commands.since import parse_since
from bot.core.model.errors import BotError

HELP = "export the audit log: who requested what"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    commands = parser.add_subparsers(required=True, metavar="command")
    export = commands.add_parser("export", help="print the audit log as JSON Lines, oldest entry first")
    export.add_argument(
        "--since", metavar="TIME", help="only entries since this time, as in 7d, 12h or 2026-11-28 (UTC)"
    )
    add_env_file(export)
    export.set_defaults(handle=_export_audit)


def _export_audit(arguments: argparse.Namespace) -> int:
    # Only checks the format: the value is computed later by Redis' clock, which dates the entries.
    if arguments.since and parse_since(arguments.since, datetime.now(UTC)) is None:
        complain("--since should be a time or a date, as in 7d, 12h or 2026-11-28")
        return USAGE_STATUS
    settings = read_settings(arguments)
    if settings is None:
        return USAGE_STATUS
    from bot.cli.audit_lines import lines  # noqa: PLC0415 - imported here, so that wrong settings are reported at once

    async def write() -> int:
        try:
            async for line in lines(settings, arguments.since):
                say(line)
        except BotError as error:
            complain(error.sentence)
            return 1
        return 0

    return asyncio.run(write())
