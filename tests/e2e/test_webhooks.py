"""A webhook is a hint: the run is polled at once, and only the API's answer counts."""

from __future__ import annotations

import asyncio
import base64
from time import monotonic
from typing import Any

import aiohttp

from bolt_sandbox.bolt import Fault, Start
from bot.flows.webhook_hints import GAP_S
from tests.e2e.elsewhere import SCHEDULER, SLUG, add_schedule, ends
from tests.e2e.stage import Bot, Stage
from tests.waiting import eventually

SECRET = "whsec_" + base64.b64encode(b"a secret of the webhooks").decode()
# Without a hint nothing would be seen for a minute.
SELDOM = {"BOLT_BOT_POLL_MIN_S": "60", "BOLT_BOT_POLL_MAX_S": "60", "PARADIME_WEBHOOK_SECRET": SECRET}


async def hint(stage: Stage, bot: Bot, run_id: int, **more: Any) -> int:  # noqa: ANN401 - fields of the request's body
    """Have the sandbox's Bolt post a webhook about a run, and return the status of the bot's answer."""
    url = f"http://127.0.0.1:{bot.port}/paradime/webhooks"
    body = {"run_id": run_id, "url": url, "secret": SECRET, **more}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{stage.sandbox.base_url}/control/bolt/webhooks", json=body) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return int((await answer.json())["status"])


async def test_a_hint_makes_the_run_due_now(stage: Stage) -> None:
    """A hint makes a run due at once, long before its next poll, so its end is announced soon."""
    bot = await stage.start_bot(SELDOM)
    await stage.slash("run backfill")
    await stage.until(lambda: len(stage.started()) == 1)
    (run,) = stage.started()
    await stage.until(lambda: len(stage.sandbox.bolt.view(run.id).commands) >= 1 or _touch(stage))
    assert await hint(stage, bot, run.id, event="bolt.run.started") == 202
    await stage.until(stage.card_says("is running"))
    stage.sandbox.bolt.end(run.id, "SUCCESS")
    assert await hint(stage, bot, run.id) == 202
    await stage.until(stage.replied("succeeded"))


async def test_a_hint_is_not_believed(stage: Stage) -> None:
    """A webhook alone can't end a run; one without the secret or about an unknown run does nothing."""
    bot = await stage.start_bot(SELDOM)
    await stage.slash("run backfill")
    await stage.until(lambda: len(stage.started()) == 1)
    (run,) = stage.started()
    await stage.until(lambda: len(stage.sandbox.bolt.view(run.id).commands) >= 1 or _touch(stage))
    before = stage.asked("boltRunStatus")
    assert await hint(stage, bot, run.id, secret="") == 401
    other = stage.sandbox.bolt.runs("nightly")[0]
    assert await hint(stage, bot, other.id) == 202
    assert await hint(stage, bot, run.id, event="bolt.run.completed") == 202
    await stage.until(stage.card_says("is running"))
    assert stage.replies() == []
    assert stage.asked("boltRunStatus") - before <= 2


async def test_bursts_collapse(stage: Stage) -> None:
    """Fifty hints lead to one lookup of the command's run and at most one poll a second."""
    bot = await stage.start_bot(SELDOM)
    # No poll shows the bot the run's commands, so the first hint is about a command it doesn't know.
    untold = stage.sandbox.bolt.add_fault(Fault("status", operation="boltRunStatus", count=None, status=503))
    await stage.slash("run backfill")
    await stage.until(lambda: len(stage.started()) == 1)
    (run,) = stage.started()
    await stage.until(lambda: len(stage.sandbox.bolt.view(run.id).commands) >= 1 or _touch(stage))
    before = stage.asked("boltCommand")
    await hint(stage, bot, run.id)
    await stage.until(lambda: stage.asked("boltCommand") > before)
    stage.sandbox.bolt.faults.active.remove(untold)
    polls, began = stage.asked("boltRunStatus"), monotonic()
    for _ in range(49):
        await hint(stage, bot, run.id)
    await stage.until(stage.card_says("is running"))
    assert stage.asked("boltCommand") - before == 1
    # The first poll comes at once. A poll may have begun before, and another may lose its lease to a hint.
    assert 1 <= stage.asked("boltRunStatus") - polls <= 3 + (monotonic() - began) / GAP_S


async def test_a_command_that_a_poll_has_told_is_not_looked_up(stage: Stage) -> None:
    """A command known from a poll isn't looked up: its hint costs one poll and nothing else."""
    bot = await stage.start_bot({"BOLT_BOT_POLL_MIN_S": "1", "PARADIME_WEBHOOK_SECRET": SECRET})
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    (run,) = stage.started()
    assert await hint(stage, bot, run.id) == 202
    stage.sandbox.bolt.end(run.id, "SUCCESS")
    await stage.until(stage.replied("succeeded"))
    assert stage.asked("boltCommand") == 0


def _touch(stage: Stage) -> bool:
    """Wake the workspace's waiters soon, since they aren't notified of time passing in Bolt."""
    asyncio.get_running_loop().call_later(0.05, stage.sandbox.workspace.log, "look", "bolt", "again")
    return False


async def test_a_hint_about_a_watched_schedules_run_tells_its_failure_at_once(stage: Stage) -> None:
    """A hint about a watched schedule's run posts its failure long before schedules are listed again."""
    add_schedule(stage)
    before = stage.sandbox.bolt.start(SLUG, Start(), SCHEDULER)
    bot = await stage.start_bot(SELDOM | {"BOLT_BOT_DISCOVER_S": "300"})
    await stage.slash(f"watch {SLUG} --mention none")
    await eventually("the first look to be over", lambda: stage.asked("boltRunStatus"))
    ends(stage, before)
    run = stage.sandbox.bolt.start(SLUG, Start(), SCHEDULER)
    ends(stage, run, "FAILED")
    assert await hint(stage, bot, run.id, event="bolt.run.completed") == 202
    await stage.until(stage.card_says(":red_circle: *Load the warehouse* failed"))
