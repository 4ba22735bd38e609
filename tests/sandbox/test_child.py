"""The bot as a child process: started, killed and started again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from bolt_sandbox.child import STOP_S, Child
from bolt_sandbox.demo import bot_environment, tail
from tests.waiting import PATIENCE_S

READY_BOT = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
print(f"BOLT_BOT_HTTP_PORT={server.server_port}", flush=True)
server.serve_forever()
"""

DEAF_BOT = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + READY_BOT


@pytest.fixture
def changes() -> list[str]:
    """The states that a child has gone through."""
    return []


def make(folder: Path, program: str, changes: list[str]) -> Child:
    """A child that runs a Python program instead of the bot."""
    environment = bot_environment({}, {}, folder)
    child = Child(
        environment,
        folder / "bot.log",
        command=(sys.executable, "-c", program),
        changed=lambda: changes.append(child.state),
    )
    return child


async def test_a_bot_that_becomes_ready(tmp_path: Path, changes: list[str]) -> None:
    """Once /readyz answers, the bot is ready; stopping it isn't reported as a failure."""
    child = make(tmp_path, READY_BOT, changes)
    await child.start()
    assert await child.ready()
    await child.stop()
    assert child.pid is None
    assert changes[0] == "starting"
    assert changes[-1] == "stopped"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(child.failed(), 0.05)


async def test_a_bot_that_is_killed_and_started_again(tmp_path: Path, changes: list[str]) -> None:
    """A killed bot starts again as a new process; starting one that's running changes nothing."""
    child = make(tmp_path, READY_BOT, changes)
    await child.start()
    first = child.pid
    await child.start()
    assert child.pid == first
    await child.kill()
    assert child.pid is None
    await child.start()
    assert child.pid not in {None, first}
    assert child.starts == 2
    assert await child.ready()
    await child.stop()


async def test_who_starts_it_together_starts_one(tmp_path: Path, changes: list[str]) -> None:
    """Starting it twice at the same time starts one process."""
    child = make(tmp_path, READY_BOT, changes)
    await asyncio.gather(child.start(), child.start())
    assert child.starts == 1
    await asyncio.gather(child.stop(), child.start(), child.kill())
    assert child.pid is None
    assert child.starts == 2


async def test_a_kill_does_not_wait_for_a_stop(tmp_path: Path, changes: list[str]) -> None:
    """A bot that ignores SIGTERM while being stopped can be killed at once."""
    child = make(tmp_path, DEAF_BOT, changes)
    await child.start()
    assert await child.ready()
    stopping = asyncio.create_task(child.stop())
    while child.state != "stopping":  # noqa: ASYNC110 - it is the next turn of the loop
        await asyncio.sleep(0)
    assert child.pid is not None
    # Less than the time after which a stop gives up waiting.
    async with asyncio.timeout(STOP_S * 0.8):
        await child.kill()
        await stopping
    assert child.pid is None
    assert changes[-2:] == ["stopping", "stopped"]


async def test_a_restart_is_one_turn_and_the_end_is_the_end(tmp_path: Path, changes: list[str]) -> None:
    """Other requests wait for a restart to finish; after `close`, nothing starts the bot again."""
    child = make(tmp_path, READY_BOT, changes)
    await child.start()
    await asyncio.gather(child.restart(), child.start(), child.restart())
    assert child.starts == 3
    await asyncio.gather(child.close(), child.restart(), child.start())
    assert child.pid is None
    assert not child.wanted


async def test_each_failure_is_told(tmp_path: Path, changes: list[str]) -> None:
    """Every failure is reported, not only the first."""
    child = make(tmp_path, "import sys; sys.exit(3)", changes)
    for _time in range(2):
        await child.start()
        assert await asyncio.wait_for(child.failed(), PATIENCE_S) == 3


async def test_a_bot_that_ends_at_once(tmp_path: Path, changes: list[str]) -> None:
    """A bot that ends before it's ready isn't waited for, and its output is in the log."""
    child = make(tmp_path, "import sys; sys.exit('no token')", changes)
    await child.start()
    async with asyncio.timeout(PATIENCE_S):
        assert not await child.ready()
        assert await child.failed() == 1
    assert tail(tmp_path / "bot.log") == "no token"
    assert child.state == "stopped"
    await child.stop()
