"""`bolt-bot manifest`: print the Slack app's manifest."""

from __future__ import annotations

import argparse
import sys

from bot.cli.arguments import address, slash_command
from bot.manifest import render_manifest

HELP = "print the Slack app's manifest, for Socket Mode or for HTTP"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--http", type=address, metavar="URL", help="for HTTP, with the bot's public address")
    parser.add_argument("--command", type=slash_command, default="/bolt", help="the slash command (default: /bolt)")
    parser.set_defaults(handle=_manifest)


def _manifest(arguments: argparse.Namespace) -> int:
    sys.stdout.write(render_manifest(base_url=arguments.http, command=arguments.command))
    return 0
