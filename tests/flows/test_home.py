"""The Home tab: a person's runs, their channels' failures, and the channels in which they may run schedules again.

`bot.flows.read_home` is tested here too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.model.channel import MemberChannels
from bot.core.model.errors import StoreUnavailable
from bot.core.model.incident import StoredIncident
from bot.core.model.person import Person
from bot.core.model.run_index import IndexPage
from bot.core.policy.rules import Action, Deny, Policy, Rule
from bot.flows.home import HomePublisher
from bot.flows.links import Links
from bot.flows.read_home import HomePageReader
from bot.store.run_indexes import RunIndexes
from tests.core.views.plain import said, shown
from tests.core.views.test_incident import failing, recovered
from tests.flows.fakes import FakeHomeTab, FakeIncidents, FakeMemberships
from tests.flows.stage import ADA, APP, CHANNEL, Stage, asker, card_url

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)


class Home:
    """A person's Home tab, with the stage of a start behind it."""

    def __init__(self, stage: Stage, indexes: RunIndexes | None = None) -> None:
        self.stage, self.tab, self.memberships = stage, FakeHomeTab(), FakeMemberships({CHANNEL: "data-eng"})
        self.incidents = FakeIncidents()
        indexes = indexes or stage.indexes
        self.publisher = HomePublisher(
            HomePageReader(
                indexes, stage.queue, self.incidents, self.memberships, Links(APP, card_url), now=lambda: NOW
            ),
            stage.requests,
            self.tab,
            stage.authorizer,
            app_url=APP,
            slash_command="/bolt",
            now=lambda: NOW,
        )

    async def publish(self, number: int = 0, *, opening: str = "") -> str:
        """Publish the tab; return what it shows."""
        await self.publisher.publish_home(asker(channel=""), number=number, opening=opening)
        user, message, _ = self.tab.published[-1]
        assert user == ADA
        return said(message.text) + "\n".join(shown(message))


@pytest.fixture
async def home(start_stage: Stage) -> Home:
    """Ada's Home tab."""
    return Home(start_stage)


async def test_ones_own_runs_are_shown(home: Home) -> None:
    """Somebody who isn't in the run's channel doesn't see it."""
    await home.stage.start("r1")
    assert "Nightly full build" in await home.publish()
    home.stage.woken.clear()
    other = Home(home.stage)
    other.memberships.channels = MemberChannels({})
    await other.publisher.publish_home(asker("U0BOB", channel=""))
    _, message, _ = other.tab.published[-1]
    assert "Nightly full build" not in "\n".join(shown(message))


async def test_what_fails_now_in_ones_channels_is_on_top(home: Home) -> None:
    """The newest failure comes first, with a link to its message; other channels and recoveries aren't shown."""
    for number in range(12):
        one = failing(number + 1, schedule=f"s{number}", name=f"Schedule {number}")
        home.incidents.records[CHANNEL, one.schedule] = StoredIncident(one, 1, "" if number == 11 else "1.5")
    other, over = failing(channel="C9", name="Other"), recovered(schedule="over", name="Over")
    home.incidents.records |= {("C9", "nightly"): StoredIncident(other), (CHANNEL, "over"): StoredIncident(over)}
    lines = (await home.publish()).split("\n")
    assert lines[1:3] == [
        "Failing now (12)",
        ":red_circle: Schedule 11 is failing: 12 runs since 03:00 · #C1",
    ]
    assert lines[3].endswith("· #C1 · Open")
    assert lines[12] == "and 2 more."
    assert "Other" not in str(lines)


async def test_a_page_that_is_over_shows_the_first(home: Home) -> None:
    """If the runs on a later page have ended in the meantime, the first page is shown."""
    await home.stage.start("r1")
    assert "Nightly full build" in await home.publish(3)
    assert home.tab.published[-1][2] == 0


async def test_who_may_not_read_sees_why(home: Home) -> None:
    """No run is shown."""
    await home.stage.start("r1")
    home.stage.policy = Policy((Rule("closed", Deny("it's closed"), what=frozenset({Action.READ})),))
    home.stage.__post_init__()
    closed = Home(home.stage)
    text = await closed.publish(opening="e1")
    assert "it's closed" in text
    assert "Nightly" not in text


async def test_only_an_opening_is_on_record(home: Home) -> None:
    """Later updates are decided again, but not audited."""
    await home.publish(opening="e1")
    await home.publish()
    entries = [entry async for entry in home.stage.audit.newest_entries()]
    assert [entry.request for entry in entries] == ["e1"]


class Away(RunIndexes):
    """Indexes that can't be read."""

    async def active_of(self, user: str, *, skip: int = 0, most: int) -> IndexPage:
        """Fail."""
        del user, skip, most
        raise StoreUnavailable


async def test_redis_being_away_is_said(home: Home) -> None:
    """The tab says that the database can't be reached, instead of staying as it was."""
    away = Home(home.stage, Away(home.stage.scripts))
    assert "database" in await away.publish()


async def test_a_refusal_is_all_that_is_shown(home: Home) -> None:
    """People from other organizations see only the refusal, for example."""
    home.stage.people.people[ADA] = replace(Person(ADA), why="x")
    await home.publisher.publish_refusal(asker(channel=""), "You can't use me here.")
    _, message, page = home.tab.published[-1]
    assert (said(message.text), page) == ("You can't use me here.", 0)
