"""Serves the sandbox's Bolt API while a command runs, and exits with that command's status.

    .venv/bin/python -m tests.conformance.serve [--speed S] -- COMMAND ARGUMENT…

The command gets the API's `--endpoint`, `--key` and `--secret` as its last arguments. The API and the command run in
separate environments, because the vendor's SDK pins other versions of packages that the bot needs.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from aiohttp import web

from bolt_sandbox.bolt import BoltWorld, add_routes


async def serve_while(command: Sequence[str], speed: float) -> int:
    """Run the command with a new API on a free loopback port, and return its exit status."""
    app = web.Application()
    add_routes(app, BoltWorld(speed=speed))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}/bolt/graphql"
        given = ("--endpoint", endpoint, "--key", "sandbox", "--secret", "sandbox")
        process = await asyncio.create_subprocess_exec(*command, *given)
        return await process.wait()
    finally:
        await runner.cleanup()


def main() -> int:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description="Serve the sandbox's Bolt API while a command runs.")
    parser.add_argument("--speed", type=float, default=4.0, help="how much faster the runs go")
    parser.add_argument("command", nargs="+", help="what to run, after --")
    options = parser.parse_args()
    return asyncio.run(serve_while(options.command, options.speed))


if __name__ == "__main__":
    sys.exit(main())
