"""Socket Mode: two connections, so that a dead, silent or refused one doesn't keep events from the bot."""

from __future__ import annotations

import aiohttp
import pytest

from bolt_sandbox.slack import Fault
from tests.e2e.stage import Bot, Stage
from tests.waiting import eventually

READY_FALLS_S = 10.0
BACK_S = 60.0


async def status(bot: Bot) -> int:
    """The status of /readyz."""
    url = f"http://127.0.0.1:{bot.port}/readyz"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status


async def until_status(bot: Bot, wanted: int, within_s: float) -> None:
    """Wait until /readyz answers with this status."""
    await eventually(
        f"/readyz to answer {wanted}", lambda: status(bot), lambda found: found == wanted, within_s=within_s
    )


async def still_hears(stage: Stage) -> None:
    """Check that commands arrive, no matter which connection they come through."""
    before = len(stage.started())
    for number in range(4):
        answer = await stage.slash(f'run nightly --reason "{number}"')
        assert not answer.problem, answer
    await stage.until(lambda: len(stage.started()) > before)


async def connected(stage: Stage, count: int = 2) -> None:
    """Wait until at least this many connections are alive."""
    sockets = stage.sandbox.slack.delivery.sockets

    async def alive() -> int:
        return sum(not one.deaf and not one.leaving for one in sockets.connections)

    await eventually(f"{count} connections", alive, lambda found: found >= count)


async def test_two_connections_are_open(stage: Stage) -> None:
    """Two connections are open, and commands arrive on whichever Slack uses."""
    await stage.start_bot()
    await connected(stage)
    await still_hears(stage)


@pytest.mark.parametrize("what", ["drop", "deaf", "refresh"])
async def test_what_is_wrong_with_a_connection_passes(stage: Stage, what: str) -> None:
    """A connection that's cut, silent or closed by Slack is replaced, and readiness follows."""
    bot = await stage.start_bot()
    await connected(stage)
    sockets = stage.sandbox.slack.delivery.sockets
    if what == "drop":
        sockets.drop()
    elif what == "deaf":
        sockets.deafen()
        await until_status(bot, 503, READY_FALLS_S)
    else:
        await sockets.disconnect("refresh_requested", close_after_s=0.5)
    await connected(stage)
    await until_status(bot, 200, BACK_S)
    await still_hears(stage)


async def test_a_handshake_that_fails_is_tried_with_a_fresh_ticket(stage: Stage) -> None:
    """A failed handshake is retried with a new address, because each address works only once."""
    bot = await stage.start_bot()
    await connected(stage)
    stage.sandbox.workspace.faults.add(Fault("drop_before", "socket", count=2))
    stage.sandbox.slack.delivery.sockets.drop()
    await connected(stage)
    await until_status(bot, 200, BACK_S)
    await still_hears(stage)
