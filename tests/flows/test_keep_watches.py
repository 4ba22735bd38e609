"""The watches file: applied at startup, read-only in Slack, and applied again if Redis loses the watches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from bot.core.model.command import WatchCommand
from bot.core.model.current import Current
from bot.core.model.incident import IncidentState, Withheld
from bot.core.model.watch import WATCHES_MOST_IN_CHANNEL, Watch
from bot.core.watching.watch_of_command import LATE_S, SLOW
from bot.core.watching.watches_file import FileWatch
from bot.flows import keep_watches
from bot.flows.close_unwatched_incidents import IncidentCloser
from bot.flows.finish_tasks import cancel_until_done
from bot.flows.keep_watches import WatchKeeper
from bot.store.watches import Watches
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL
from tests.waiting import eventually

AT, LATER = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)
NIGHTLY = FileWatch(CHANNEL, WatchCommand("nightly"), 4)
FINANCE = FileWatch("C2", WatchCommand("fin*", owner="ada", mention="none"), 6)


@dataclass
class Kept:
    """A Redis with watches. `lost` lists the processes that reported a loss."""

    redis: Redis
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Build the stores."""
        self.stage = IncidentStage(self.redis)

    def process(self, *wanted: FileWatch, name: str = "first", at: datetime = AT) -> WatchKeeper:
        """A process that has just read a file with these watches."""
        return self.process_of(Current(wanted), name=name, at=at)

    def process_of(self, file: Current[Sequence[FileWatch]], *, name: str = "first", at: datetime = AT) -> WatchKeeper:
        """A process whose file may be replaced."""
        stage = self.stage

        def raised(where: str, error: BaseException) -> str:
            raise AssertionError(where) from error

        return WatchKeeper(
            file,
            Watches(stage.scripts),
            IncidentCloser(stage.incidents, stage.discovery),
            stage.audit,
            team="T",
            now=lambda: at,
            lost=lambda: self.lost.append(name),
            report_fault=raised,
        )

    async def watches(self) -> list[tuple[str, int, str]]:
        """The stored watches."""
        return [(one.channel, one.number, one.pattern) for one in await Watches(self.stage.scripts).all_watches()]

    async def audited(self) -> list[tuple[str, str, str]]:
        """The audit log, oldest first."""
        found = [(one.channel, one.text, one.rule) async for one in self.stage.audit.newest_entries()]
        return found[::-1]


async def test_the_file_is_applied_once(one_redis: Redis) -> None:
    """The file's watches are stored and audited; the next start with the same file changes nothing."""
    kept = Kept(one_redis)
    await kept.process(NIGHTLY, FINANCE).begin()
    assert await kept.watches() == [(CHANNEL, 1, "nightly"), ("C2", 1, "fin*")]
    (first, second) = await kept.stage.watches.all_watches()
    assert first == Watch(CHANNEL, 1, "T", "nightly", AT, late_s=LATE_S, slow=SLOW)
    assert (second.owner, second.mention, second.is_from_file) == ("ada", "none", True)
    await kept.process(NIGHTLY, FINANCE, at=LATER).begin()
    assert await kept.stage.watches.all_watches() == (first, second)
    assert await kept.audited() == [
        (CHANNEL, 'watch "nightly"', "the watches file"),
        ("C2", 'watch "fin*" --owner "ada" --mention none', "the watches file"),
    ]
    assert kept.lost == ["first"]


async def test_two_processes_start_at_once(one_redis: Redis) -> None:
    """With the same file, its watches are stored once, and only one of the processes reports that they start afresh."""
    kept = Kept(one_redis)
    processes = [kept.process(NIGHTLY, FINANCE, name=str(number)) for number in range(4)]
    await asyncio.gather(*(one.begin() for one in processes))
    assert await kept.watches() == [(CHANNEL, 1, "nightly"), ("C2", 1, "fin*")]
    assert len(kept.lost) == 1
    assert len(await kept.audited()) == 2


async def test_what_is_gone_from_the_file_is_stopped(one_redis: Redis) -> None:
    """A removed watch's open incidents are closed, even if it was the last watch; watches made in Slack stay."""
    kept = Kept(one_redis)
    stage = kept.stage
    await kept.process(NIGHTLY, at=stage.at).begin()
    await stage.discover()
    stage.run_through("FAILED")
    await stage.discover()
    assert (await stage.incident()).is_open
    await kept.process().begin()
    assert await kept.watches() == []
    assert (await stage.incident()).state is IncidentState.CLOSED
    assert (await kept.audited())[-1] == (CHANNEL, 'unwatch "1" (nightly)', "the watches file")
    await stage.watch("hourly", made_by="U0ADA")
    await kept.process().begin()
    assert await kept.watches() == [(CHANNEL, 2, "hourly")]


async def test_nothing_is_kept_for_a_channel_whose_last_watch_is_gone_from_the_file(one_redis: Redis) -> None:
    """Posts withheld in that channel are dropped at once, not at the time when they would have been sent."""
    kept = Kept(one_redis)
    stage = kept.stage
    await kept.process(NIGHTLY, at=stage.at).begin()
    await stage.discover()
    for state in ("FAILED", "SUCCESS"):
        stage.run_through(state)
        await stage.discover()
    # The bot is still looking for what a gap hid.
    await stage.redis.zadd(stage.scripts.key("due", "gaps"), {"1": 1})
    stored = await stage.stored()
    withheld = replace(stored.incident, withheld=Withheld(stage.at + timedelta(minutes=20), gap=True))
    assert await stage.incidents.store_incident(stored, withheld, "none")
    assert await stage.work("quiet") == 0
    await kept.process().begin()
    assert await stage.work("quiet") == 1
    assert (await stage.incident()).withheld is None


async def test_a_changed_line_changes_the_watch(one_redis: Redis) -> None:
    """A changed watch keeps its number; a watch made in Slack belongs to the file as soon as the file has it too."""
    kept = Kept(one_redis)
    made = await kept.stage.watch("nightly", made_by="U0ADA")
    silent = replace(NIGHTLY, command=WatchCommand("nightly", mention="none"))
    await kept.process(silent, at=LATER).begin()
    assert await kept.stage.watches.all_watches() == (
        replace(made, mention="none", made_by="", late_s=LATE_S, slow=SLOW),
    )


async def test_a_full_channel_takes_no_more(one_redis: Redis) -> None:
    """The rest of the file is applied, and this watch is added at the next start if there's room."""
    kept = Kept(one_redis)
    for number in range(WATCHES_MOST_IN_CHANNEL):
        await kept.stage.watches.add_watch(Watch(CHANNEL, 0, "T", f"a{number}", AT, "U1"))
    await kept.process(NIGHTLY, FINANCE).begin()
    assert len(await kept.watches()) == WATCHES_MOST_IN_CHANNEL + 1
    await kept.stage.watches.remove_watch(CHANNEL, 7)
    await kept.process(NIGHTLY, FINANCE).begin()
    assert (CHANNEL, WATCHES_MOST_IN_CHANNEL + 1, "nightly") in await kept.watches()


async def test_a_first_start_without_a_file_says_nothing(one_redis: Redis) -> None:
    """The first start, which is recorded, reports no loss, and a later start with a file doesn't report one either."""
    kept = Kept(one_redis)
    await kept.process().begin()
    await kept.process(NIGHTLY).begin()
    assert kept.lost == []
    assert await kept.watches() == [(CHANNEL, 1, "nightly")]


async def test_a_lost_redis_is_noticed_by_one_process(one_redis: Redis) -> None:
    """The processes notice the loss while they run, and the file's watches and discovery start over."""
    kept = Kept(one_redis)
    processes = [kept.process(NIGHTLY, name=str(number), at=LATER) for number in range(3)]
    for one in processes:
        await one.begin()
    kept.lost.clear()
    await asyncio.gather(*(one.check() for one in processes))
    assert kept.lost == []
    await kept.redis.flushdb()
    await asyncio.gather(*(one.check() for one in processes))
    assert len(kept.lost) == 1
    assert await kept.watches() == [(CHANNEL, 1, "nightly")]
    assert await kept.redis.zscore(kept.stage.scripts.key("due", "discovery"), "schedules") is not None


async def test_it_runs_until_it_is_stopped(one_redis: Redis) -> None:
    """The file is applied at once."""
    kept = Kept(one_redis)
    running = asyncio.create_task(kept.process(NIGHTLY).run())
    await eventually("the file to be applied", kept.watches)
    await cancel_until_done([running])
    assert running.cancelled()
    assert keep_watches.LOOK_S < 60


async def test_a_file_that_is_replaced_is_applied_at_once(one_redis: Redis) -> None:
    """As at a start, watches that are no longer in the file are stopped."""
    kept = Kept(one_redis)
    file: Current[Sequence[FileWatch]] = Current((NIGHTLY,))
    running = asyncio.create_task(kept.process_of(file).run())

    async def has(*patterns: str) -> bool:
        return [pattern for _, _, pattern in await kept.watches()] == list(patterns)

    await eventually("the file to be applied", lambda: has("nightly"))
    file.replace((FINANCE,))
    await eventually("the new one to be applied", lambda: has("fin*"))
    file.replace(())
    await eventually("nothing to be watched", has)
    await cancel_until_done([running])
