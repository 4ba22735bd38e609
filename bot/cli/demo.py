"""`bolt-bot demo`: run the whole bot in a local sandbox.

The demo itself is `bolt_sandbox.demo`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot.cli.arguments import port, speed
from bot.cli.console import USAGE_STATUS, complain
from bot.find_sandbox import SandboxMissingError, find_demo
from bot.manifest import render_manifest

HELP = "run the whole bot in a local sandbox, with no accounts needed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--port", type=port, default=0, help="the sandbox's port (default: a free one)")
    parser.add_argument("--speed", type=speed, default=1.0, help="speed up runs by this factor")
    parser.add_argument("--tour", action="store_true", help="play a short tour, then exit")
    parser.set_defaults(handle=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    try:
        demo = find_demo()
    except SandboxMissingError as error:
        complain(str(error))
        return USAGE_STATUS
    command = (sys.executable, "-m", "bot", "run")
    ended = demo(arguments.port, arguments.speed, manifest=render_manifest(), command=command, tour=arguments.tour)
    return asyncio.run(ended)
