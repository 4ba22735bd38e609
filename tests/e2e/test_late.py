"""Late and slow: a slot in which Bolt's scheduler starts nothing, and a run that takes a long time.

The rules are tested in tests/core/watching/test_late.py and test_slow.py.
"""

from __future__ import annotations

from datetime import timedelta

from bolt_sandbox.bolt import Start
from bolt_sandbox.bolt.scheduler import Timetable
from tests.e2e.elsewhere import SCHEDULER, SLUG, add_schedule, ends
from tests.e2e.stage import Stage
from tests.waiting import eventually

OFTEN = {"BOLT_BOT_DISCOVER_S": "1"}


async def watches(stage: Stage, *options: str) -> None:
    """Watch the schedule, and wait until its runs have been read."""
    await stage.start_bot(OFTEN)
    looked = stage.asked("listBoltRuns")
    await stage.slash(" ".join(("watch", SLUG, "--mention none", *options)))
    await stage.until(stage.told_privately("Now watching"))
    await stage.until(lambda: stage.asked("listBoltRuns") > looked)


async def test_a_schedule_that_starts_nothing_is_late_until_it_does(stage: Stage) -> None:
    """The message about a late schedule is edited once a run has begun, and says how late it was."""
    bolt = stage.sandbox.bolt
    add_schedule(stage)
    slot = bolt.clock() + timedelta(minutes=3)
    bolt.scheduler.put(Timetable(SLUG, "OFF", slot, every_s=3600, skips=1))
    await watches(stage, "--late 1m")
    with stage.redis() as redis:
        keys = "*discovery:slots"
        await eventually("the slot to be listed", lambda: any(redis.hget(key, SLUG) for key in redis.scan_iter(keys)))
    bolt.advance(5 * 60)
    await stage.until(stage.card_says("*Load the warehouse* is late: the run due at"))
    bolt.start(SLUG, Start(), SCHEDULER)
    await stage.until(stage.card_says("s late: <"))
    assert len(stage.cards()) == 1


async def test_a_run_that_takes_long_is_reported_while_it_runs(stage: Stage) -> None:
    """A slow run is reported while it's running, and the same message says how it ended."""
    bolt = stage.sandbox.bolt
    add_schedule(stage)
    await watches(stage, "--slow 1m")
    run = bolt.start(SLUG, Start(), SCHEDULER)
    bolt.advance(2 * 60)
    await stage.until(stage.card_says("is slow: it's been running since"))
    ends(stage, run)
    await stage.until(stage.card_says("was slow: it succeeded after 2 min"))
    assert len(stage.cards()) == 1
