"""`bolt-bot doctor`: check the settings and the services they point to."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.console import USAGE_STATUS, read_settings, say

HELP = "check the settings and the services they point to"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.set_defaults(handle=_doctor)


def _doctor(_arguments: argparse.Namespace) -> int:
    settings = read_settings()
    if settings is None:
        return USAGE_STATUS
    from bot.cli.diagnosis import diagnose  # noqa: PLC0415 - imported here, so that wrong settings are reported at once

    async def tell() -> int:
        status = 0
        async for name, good, sentence in diagnose(settings):
            say(f"{'ok     ' if good else 'PROBLEM'}  {name}: {sentence}")
            status = status if good else 1
        return status

    return asyncio.run(tell())
