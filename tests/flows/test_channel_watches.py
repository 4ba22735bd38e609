"""Listing and stopping watches: by number, by schedule, by pattern; if several match, the bot asks which."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.core.model.audit_entry import Event
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.errors import BoltNotSent
from bot.core.model.watch import Watch
from bot.core.policy.rules import Allow, Deny, Policy, Rule, Which
from tests.core.views.plain import buttons, said, shown
from tests.core.views.test_incident import failing
from tests.flows.fakes import FakeIncidents, FakeMemberships
from tests.flows.stage import ADA, CHANNEL
from tests.flows.watch_stage import NOW, WatchStage


@pytest.fixture
async def stage(redis_client: Redis) -> WatchStage:
    """A channel with two watches, and another channel with one."""
    stage = WatchStage(redis_client)
    await stage.type("watch nightly")
    await stage.type("watch *")
    await stage.type("watch hourly", channel="C2")
    return stage


async def left(stage: WatchStage) -> list[int]:
    """The numbers of the channel's watches."""
    return [one.number for one in await stage.kept() if one.channel == CHANNEL]


async def test_a_channels_own_watches_are_listed(stage: WatchStage) -> None:
    """Each is listed with its settings, what it covers, and its buttons."""
    message = await stage.type("watches")
    assert shown(message) == [
        "2 watches here.",
        "Watch 1: nightly · failures and recoveries, runs that are 30 min late, runs that take at least 2 times as long as usual",
        "covers 1 schedule",
        "Watch 2: * · failures and recoveries",
        "covers 1 schedule",
    ]
    assert [one.label for one in buttons(message)] == ["Edit", "Stop"] * 2


async def test_the_list_does_without_bolt(stage: WatchStage) -> None:
    """The watches are listed, but without the schedules that they cover."""
    stage.stage.catalog.forget()
    stage.bolt.faults.always["schedules"] = BoltNotSent()
    assert "Bolt isn't listing its schedules right now" in shown(await stage.type("watches"))


async def test_all_channels_hide_private_ones(stage: WatchStage) -> None:
    """Watches in private channels are only counted, unless the person is in those channels."""
    stage.people.channels["C2"] = ChannelInfo("C2", "secret", ChannelKind.PRIVATE, shared=False)
    lines = shown(await stage.type("watches --all"))
    assert lines[0] == "3 watches across all channels. 1 of them is in private channels that you aren't in."
    assert not any("C2" in line for line in lines)
    stage.memberships.channels = FakeMemberships({"C2": "secret"}).channels
    assert any(line.startswith("#C2") for line in shown(await stage.type("watches --all")))


@pytest.mark.parametrize("text", ["1", "#1", "nightly", "Nightly full build"])
async def test_one_is_stopped_by_its_number_or_its_schedule(stage: WatchStage, text: str) -> None:
    """The audit log says what it watched."""
    assert said((await stage.type(f"unwatch {text}")).text) == "No longer watching nightly here (watch 1)."
    assert await left(stage) == [2]
    entry = (await stage.audited())[0]
    assert (entry.user, entry.decision) == (ADA, "allow")
    assert entry.text == f'unwatch "{text}" (nightly)'
    (stopped,) = await stage.audited(Event.UNWATCHED)
    assert (stopped.user, stopped.schedule, stopped.outcome) == (ADA, "nightly", "watch 1")
    assert (stopped.text, stopped.request) == ('watch "nightly" --late 30m --slow 2x', entry.request)


async def test_a_pattern_stops_the_watch_with_that_pattern(stage: WatchStage) -> None:
    """Other watches that the pattern would match stay."""
    await stage.type("unwatch *")
    assert await left(stage) == [1]


async def test_what_fits_only_a_broader_watch_is_asked_about(stage: WatchStage) -> None:
    """Stopping the broader watch would stop more than was named."""
    message = await stage.type("unwatch hourly")
    assert "another watch covers this schedule" in said(message.text)
    assert [one.label for one in buttons(message)] == ["Stop watch 2"]
    assert await left(stage) == [1, 2]


async def test_what_fits_several_is_asked_about(stage: WatchStage) -> None:
    """Several watches of the same schedule match, or several match a pattern."""
    await stage.type("watch nightly --branch dev")
    assert [one.label for one in buttons(await stage.type("unwatch nightly"))] == ["Stop watch 1", "Stop watch 3"]
    assert [one.label for one in buttons(await stage.type("unwatch night*"))] == ["Stop watch 1", "Stop watch 3"]
    assert await left(stage) == [1, 2, 3]


@pytest.mark.parametrize("text", ["9", "finance", "fin*"])
async def test_an_unknown_one_is_not_stopped(stage: WatchStage, text: str) -> None:
    """Unknown watches, and those of another channel, aren't stopped."""
    assert f"There's no watch {text} here." in said((await stage.type(f"unwatch {text}")).text)
    assert len(await stage.kept()) == 3


async def test_the_policy_decides_who_stops_it(redis_client: Redis) -> None:
    """The policy decides by a watch's schedules; anyone who may watch can stop a watch that covers none."""
    stage = WatchStage(
        redis_client,
        Policy((Rule("hourly", Deny("not yours"), which=Which(schedules=("hourly",))), Rule("all", Allow()))),
    )
    for pattern in ("hourly", "*", "finance-*"):
        await stage.store.add_watch(Watch(CHANNEL, 0, "T", pattern, NOW, "U1"))
    for number in (1, 2):
        assert "not yours" in said((await stage.type(f"unwatch {number}")).text)
    await stage.type("unwatch 3")
    assert await left(stage) == [1, 2]


async def test_what_fails_and_is_no_longer_watched_is_closed(stage: WatchStage) -> None:
    """An incident is closed only if no other watch of the channel covers it."""
    stage.incidents.records = FakeIncidents(
        failing(schedule="nightly"), failing(schedule="hourly"), failing(schedule="nightly", channel="C2")
    ).records
    await stage.type("unwatch nightly")
    assert stage.incidents.edits == []
    await stage.type("unwatch *")
    assert [stage.incidents.of(slug).why for slug in ("nightly", "hourly")] == ["no longer watched here"] * 2
    assert stage.incidents.of("nightly", "C2").is_open


async def test_what_a_file_sets_is_not_stopped(redis_client: Redis) -> None:
    """A watch from the file is listed without a button."""
    stage = WatchStage(redis_client)
    await stage.store.add_watch(Watch(CHANNEL, 0, "T", "night*", NOW))
    assert said((await stage.type("unwatch 1")).text) == (
        "Watch 1 (night*) is set in a file, so it can't be changed or stopped here. "
        "Ask whoever runs this bot to edit that file. Nothing was changed."
    )
    assert await left(stage) == [1]
    message = await stage.type("watches")
    assert "Watch 1: night* · failures and recoveries · set in a file" in shown(message)
    assert not buttons(message)
