"""`bolt-bot sandbox`: run the sandbox alone.

The sandbox itself is `bolt_sandbox.server`.
"""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.arguments import port, speed
from bot.cli.console import USAGE_STATUS, complain
from bot.find_sandbox import SandboxMissingError, find_serve
from bot.manifest import render_manifest

HELP = "run the sandbox alone and print the environment variables for a bot"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--port", type=port, default=0, help="the sandbox's port (default: a free one)")
    parser.add_argument("--speed", type=speed, default=1.0, help="speed up runs by this factor")
    parser.add_argument(
        "--grid", action="store_true", help="run it as an Enterprise Grid organization with a sibling workspace"
    )
    parser.set_defaults(handle=_sandbox)


def _sandbox(arguments: argparse.Namespace) -> int:
    try:
        serve = find_serve()
    except SandboxMissingError as error:
        complain(str(error))
        return USAGE_STATUS
    return asyncio.run(serve(arguments.port, arguments.speed, manifest=render_manifest(), on_grid=arguments.grid))
