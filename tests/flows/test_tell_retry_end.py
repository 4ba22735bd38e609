"""If no message shows the end of a retry, its asker is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.model.command import RetryCommand
from bot.core.model.errors import SlackNotSent
from bot.core.model.request import Request, RequestState, StartPlan
from bot.core.model.run import CardRef, Observation, RunFacts, RunKey
from bot.flows.lease import Lease
from bot.flows.tell_retry_end import RetryEndTeller
from tests.flows.stage import ADA, APP, Stage

START = Request(
    "r1",
    "T",
    "C1",
    ADA,
    "ada",
    RetryCommand(every=False, run_id=4713),
    datetime(2026, 12, 1, tzinfo=UTC),
    state=RequestState.SETTLED,
    plan=StartPlan("nightly", "Nightly full build", 1),
    run_id=4714,
)


async def claimed(stage: Stage) -> Lease:
    """The start is due, and a process has claimed it."""
    await stage.redis.zadd(stage.scripts.key("due", "requests"), {"r1": 1})
    taken = await stage.due["requests"].claim(1)
    assert taken.lease is not None
    return taken.lease


def teller(stage: Stage) -> RetryEndTeller:
    """The flow."""
    return RetryEndTeller(stage.runs, stage.due["requests"], stage.answers, workspace="w", app_url=APP)


async def test_the_asker_gets_a_direct_message(start_stage: Stage) -> None:
    """The direct message is sent once, and says how the run ended if that's still known."""
    key = RunKey("w", 4714)
    await start_stage.runs.restore_run(key, RunFacts(), Observation("CANCELED"), "T", CardRef("C9", "1.0"), over=True)
    await teller(start_stage).tell_end(await claimed(start_stage), START)
    await teller(start_stage).tell_end(await claimed(start_stage), replace(START, run_id=4715))
    ended, unknown = (one.text for one in (*start_stage.chat.posted.values(), *start_stage.chat.private))
    assert ended == "Run 4714, your retry of Nightly full build, was cancelled."
    assert unknown == "Run 4715, your retry of Nightly full build, has ended."
    assert await start_stage.redis.zcard(start_stage.scripts.key("due", "requests")) == 0


async def test_it_is_tried_until_slack_takes_it(start_stage: Stage) -> None:
    """Until then, it stays due."""
    for way in ("post_direct", "respond", "post_ephemeral"):
        start_stage.chat.faults.always[way] = SlackNotSent(way)
    await teller(start_stage).tell_end(await claimed(start_stage), START)
    assert await start_stage.redis.zcard(start_stage.scripts.key("due", "requests")) == 1
