"""The list of failing schedules, here or anywhere: private channels are counted, and named only to their members."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.command import FailingCommand
from bot.core.model.incident import IncidentState
from bot.core.model.watch import Watch
from bot.core.views.retry_failing import NOTHING_FAILS
from bot.flows.list_failing import LOOKED_WITHIN, FailingLister
from bot.store.scripts import Scripts
from bot.store.watches import Watches
from tests.core.views.plain import said, shown
from tests.core.views.test_incident import failing
from tests.core.watching.ends import at
from tests.flows.fakes import FakeIncidents, FakeMemberships, FakePeople
from tests.flows.stage import APP, asker, card_url


class Stage:
    """Two open incidents in a channel, one in a private one, and one that has recovered."""

    def __init__(self, redis: Redis) -> None:
        self.people, self.memberships = FakePeople(), FakeMemberships()
        self.people.channels["C3"] = ChannelInfo("C3", "secret", ChannelKind.PRIVATE, shared=False)
        later = failing(1, name="Hourly", schedule="hourly")
        assert later.first is not None
        self.incidents = FakeIncidents(
            replace(later, first=replace(later.first, ended_at=at(9))),
            failing(),
            failing(channel="C3", name="Secret"),
            failing(schedule="done", name="Done", state=IncidentState.RECOVERED),
        )
        self.watches = Watches(Scripts(redis, "test", retention_s=1000))
        self.lister = FailingLister(
            self.incidents,
            self.watches,
            self.people,
            self.memberships,
            card_url,
            app_url=APP,
            slash_command="/bolt",
            time=lambda: at(12),
        )

    async def lines(self, *, every: bool = False) -> list[str]:
        """The list's lines."""
        return shown(await self.lister.list_failing(asker(), FailingCommand(every)))

    async def said(self) -> str:
        """The answer in one line."""
        return said((await self.lister.list_failing(asker(), FailingCommand())).text)


@pytest.fixture
def stage(redis_client: Redis) -> Stage:
    """The flow with these incidents."""
    return Stage(redis_client)


async def test_a_channels_open_incidents_are_listed_the_longest_first(stage: Stage) -> None:
    """Recovered ones aren't listed. Each links to its message, if it has one."""
    stage.incidents.records["C1", "hourly"] = replace(stage.incidents.records["C1", "hourly"], ts="")
    lines = await stage.lines()
    assert lines[0] == "2 schedules failing here."
    assert lines[1].startswith(":red_circle: Nightly full build is failing")
    assert lines[3].startswith(":red_circle: Hourly failed")
    assert [line.endswith("message") for line in lines[2::2]] == [True, False]


async def test_private_channels_are_counted(stage: Stage) -> None:
    """The members of private channels see their incidents in full."""
    lines = await stage.lines(every=True)
    assert lines[0] == "3 schedules failing across all channels. 1 of them is in private channels that you aren't in."
    assert not any("Secret" in line for line in lines)
    stage.memberships.channels = FakeMemberships({"C3": "secret"}).channels
    assert any("Secret" in line for line in await stage.lines(every=True))


async def test_a_channel_without_watches_or_with_a_new_one_has_no_good_news(stage: Stage) -> None:
    """If the channel has no watches, or a new one, the reply says so, because some failures may still be unknown."""
    stage.incidents.records.clear()
    assert (await stage.said()).startswith("This channel doesn't watch any schedules.")
    await stage.watches.add_watch(Watch("C2", 1, "T", "*", since=at(11)))
    assert (await stage.said()).startswith("This channel doesn't watch any schedules.")
    await stage.watches.add_watch(Watch("C1", 1, "T", "*", since=at(12) - LOOKED_WITHIN))
    assert (await stage.said()).startswith("Nothing watched in this channel is failing.")
    await stage.watches.add_watch(Watch("C1", 2, "T", "n*", since=at(12) - LOOKED_WITHIN + timedelta(seconds=1)))
    assert "but one of this channel's watches is new. Give me a minute" in await stage.said()


async def test_nor_is_it_said_that_there_is_nothing_to_retry(stage: Stage) -> None:
    """The bot says so only if it knows that nothing is failing."""
    stage.incidents.records.clear()
    unwatched = said((await stage.lister.nothing_to_retry("C1")).text)
    assert unwatched.startswith("This channel doesn't watch any schedules.")
    await stage.watches.add_watch(Watch("C1", 1, "T", "*", since=at(12) - LOOKED_WITHIN))
    assert said((await stage.lister.nothing_to_retry("C1")).text) == NOTHING_FAILS
    await stage.watches.add_watch(Watch("C1", 2, "T", "n*", since=at(12)))
    assert "but one of this channel's watches is new. Give me a minute" in said(
        (await stage.lister.nothing_to_retry("C1")).text
    )
