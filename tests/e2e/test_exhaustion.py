"""A stranger opens connections and leaves them idle: the bot still answers Slack, and its log stays small."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.stage import Bot, Stage
from tests.e2e.test_ingress import command, headers, post
from tests.worlds import new_sandbox

DESCRIPTORS = 96
IDLE = 90
CUT_S = 30.0
LOG_MOST = 200_000
UNFINISHED = b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Type: "
ANSWERED = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


async def test_connections_that_would_use_up_all_descriptors(tmp_path: Path) -> None:
    """Commands are answered and runs started, whatever the idle connections have sent."""
    sandbox = new_sandbox()
    await sandbox.start()
    # The limit has to hold from the start, so the bot is not forked.
    few = ("sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh")
    stage = Stage(sandbox, tmp_path, forks=False, launcher=few)
    try:
        bot = await stage.start_bot({"BOLT_BOT_LOG_FORMAT": "json"}, socket_mode=False)
        before = len(bot.printed())
        for number, sent in enumerate((b"", UNFINISHED, ANSWERED)):
            with idle(bot.port, sent):
                assert "run" in await answered(stage, bot, "help", f"1.{number}")
        with idle(bot.port, UNFINISHED):
            await answered(stage, bot, "run nightly", "2.1")
            await stage.until(stage.card_says("is running"))
        assert len(bot.printed()) - before < LOG_MOST
    finally:
        await stage.close()


async def answered(stage: Stage, bot: Bot, text: str, trigger: str) -> str:
    """Send a command, again if the connection is cut, and return what the acknowledgement says."""
    body = command(stage, text, trigger)
    deadline = time.monotonic() + CUT_S
    while True:
        assert time.monotonic() < deadline
        with contextlib.suppress(OSError):
            async with asyncio.timeout(CUT_S):
                status, said = await post(bot, body, headers(stage, body))
            assert status == 200
            return said
        await asyncio.sleep(0)


@contextlib.contextmanager
def idle(port: int, sent: bytes) -> Iterator[None]:
    """Connections that send something and then go silent."""
    with contextlib.ExitStack() as opened:
        for _ in range(IDLE):
            one = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=CUT_S))
            one.sendall(sent)
        yield
