"""`bolt-bot config`: print the effective settings.

`bot.cli.effective_settings` decides how each setting is shown.
"""

from __future__ import annotations

import argparse
import json

from bot.cli.console import USAGE_STATUS, add_env_file, env_file, read_settings, say

HELP = "print the effective settings and where each comes from, without secrets"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--json", action="store_true", help="print the settings as JSON")
    add_env_file(parser)
    parser.set_defaults(handle=_config)


def _config(arguments: argparse.Namespace) -> int:
    settings = read_settings(arguments)
    if settings is None:
        return USAGE_STATUS
    # Imported here, so that `bolt-bot --help` stays fast.
    from bot.cli.effective_settings import as_json, as_lines, effective_settings  # noqa: PLC0415

    found = effective_settings(settings, env_file(arguments))
    if arguments.json:
        say(json.dumps({one.name: as_json(one) for one in found}, indent=2, ensure_ascii=False))
    else:
        for line in as_lines(found):
            say(line)
    return 0
