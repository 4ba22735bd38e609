"""The rival in `bench.ack`: a bare slack_bolt app that only acknowledges.

Run `python -m bench.bare_app` with a bot's environment: it prints `ready` and runs until it's stopped.
"""

from __future__ import annotations

import asyncio
import os
import sys

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def main() -> None:
    """Acknowledge every command, and nothing else."""
    web = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=web, signing_secret="unused")  # noqa: S106 - Socket Mode signs nothing

    @app.command("/bolt")
    async def on_command(ack: AsyncAck) -> None:
        await ack()

    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).connect_async()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
