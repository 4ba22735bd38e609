"""Making a watch: what it covers, whether it's allowed, and what the answer says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.audit_entry import AuditFilter, Event
from bot.core.model.bolt import RunSummary
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.errors import BoltNotSent
from bot.core.model.person import Person, Role
from bot.core.model.watch import WATCHES_MOST_IN_CHANNEL, SlowAfter, Watch
from bot.core.policy.decision import NO_RULE_FOR_WATCH
from bot.core.policy.rules import Action, Allow, Deny, Policy, Rule, Which
from tests.core.views.plain import buttons, said, shown
from tests.flows.fakes import NIGHTLY, FakeMemberships, FakePeopleByAddress
from tests.flows.stage import ADA, BOB, CHANNEL
from tests.flows.watch_stage import NOW, WatchStage

NOT_HOURLY = Policy((Rule("hourly", Deny("hourly is noisy"), which=Which(schedules=("hourly",))), Rule("all", Allow())))


@pytest.fixture
def stage(redis_client: Redis) -> WatchStage:
    """Two schedules, and everybody may watch them."""
    return WatchStage(redis_client)


async def test_a_schedule_is_watched_by_its_slug(stage: WatchStage) -> None:
    """However its name is typed, the slug is stored, with the creator and the time; the command is audited."""
    message = await stage.type("watch nightly full build")
    assert "Now watching nightly here (watch 1)" in said(message.text)
    assert await stage.kept() == (Watch(CHANNEL, 1, "T", "nightly", NOW, ADA, late_s=1800, slow=SlowAfter(factor=2)),)
    (entry,) = await stage.audited()
    assert (entry.action, entry.schedule, entry.decision) == ("watch", "nightly", "allow")
    assert entry.text == 'watch "nightly full build"'


async def test_a_pattern_is_kept_as_typed(stage: WatchStage) -> None:
    """The watch's options are stored with its pattern."""
    await stage.type("watch Night* --owner ada --branch dev --mention none")
    (watch,) = await stage.kept()
    assert (watch.pattern, watch.owner, watch.branch, watch.mention) == ("Night*", "ada", "dev", "none")


async def test_a_pattern_that_fits_nothing_now_may_fit_later(stage: WatchStage) -> None:
    """A pattern that matches nothing is accepted, and the answer says so."""
    assert "No schedule matches it yet." in said((await stage.type("watch finance-*")).text)
    assert len(await stage.kept()) == 1


async def test_a_schedule_that_does_not_exist_is_not_watched(stage: WatchStage) -> None:
    """A similar one is offered."""
    message = await stage.type("watch nightli")
    assert "Did you mean nightly?" in said(message.text)
    assert [one.label for one in buttons(message)] == ["Watch nightly"]
    assert await stage.kept() == ()


async def test_a_name_with_brackets_is_a_name(stage: WatchStage) -> None:
    """A name with brackets isn't a pattern if a schedule has that name."""
    stage.bolt.active = [replace(NIGHTLY, name="[prod] Nightly")]
    await stage.type("watch [prod] nightly")
    assert [one.pattern for one in await stage.kept()] == ["nightly"]


async def test_watching_again_changes_the_options(stage: WatchStage) -> None:
    """Watching the same schedule again changes the existing watch, which keeps its number and its start time."""
    await stage.type("watch nightly")
    assert said((await stage.type("watch nightly")).text).startswith("Already watching nightly here (watch 1)")
    changed = said((await stage.type("watch nightly --mention none", user="U0BOB")).text)
    assert changed.startswith(
        "Changed: now watching nightly here (watch 1): failures and recoveries, runs that are 30 min late, "
    )
    await stage.type("watch nightly --branch dev")
    assert [(one.number, one.mention, one.branch) for one in await stage.kept()] == [
        (1, "none", None),
        (2, "owner", "dev"),
    ]


async def test_a_watch_begins_by_bolts_clock(stage: WatchStage) -> None:
    """The ends of runs are dated by it, whatever the bot's own clock says."""
    stage.bolt.clock = NOW - timedelta(minutes=10)
    await stage.type("watch nightly")
    assert [one.since for one in await stage.kept()] == [NOW - timedelta(minutes=10)]


async def test_the_same_twice_at_once_is_one_watch(redis_client: Redis) -> None:
    """Two people type it, and two processes carry it out."""
    stage, other = WatchStage(redis_client), WatchStage(redis_client)
    await asyncio.gather(*(one.type("watch night*", user=user) for one in (stage, other) for user in (ADA, BOB)))
    assert [one.number for one in await stage.kept()] == [1]
    assert [one.outcome for one in await stage.audited(Event.WATCHED)] == ["watch 1"]


async def test_what_is_made_and_changed_is_on_record(stage: WatchStage) -> None:
    """The audit log has the pattern and its options, and no entry if nothing changes."""
    for text in ("watch night* --mention none", "watch night* --mention none", "watch NIGHT* --quiet 22:00-07:00"):
        await stage.type(text)
    changed, made = await stage.audited(Event.WATCHED, Event.WATCH_CHANGED)
    assert (made.event, made.schedule, made.outcome, made.user) == (Event.WATCHED, "night*", "watch 1", ADA)
    assert made.text == 'watch "night*" --mention none'
    assert (changed.event, changed.schedule, changed.outcome) == (Event.WATCH_CHANGED, "NIGHT*", "watch 1")
    assert changed.text == 'watch "NIGHT*" --quiet 22:00-07:00 --tz UTC'
    assert made.channel_name == f"name-of-{CHANNEL}"
    assert AuditFilter(schedule="nightly").matches(made)


async def test_what_the_policy_refuses_is_named(redis_client: Redis) -> None:
    """A pattern leaves out the refused schedule. Each answer gives the rule's reason, and is audited."""
    stage = WatchStage(redis_client, NOT_HOURLY)
    left_out = "You can't watch hourly here, so it is left out: hourly is noisy."
    assert left_out in shown(await stage.type("watch *"))
    refused = said((await stage.type("watch hourly")).text)
    assert refused.startswith("You can't watch this here: hourly is noisy")
    await stage.type("watch night*")
    assert [one.pattern for one in await stage.kept()] == ["*", "night*"]
    assert [entry.decision for entry in await stage.audited()] == ["allow", "deny", "allow"]


async def test_several_that_are_all_refused_are_named(redis_client: Redis) -> None:
    """One sentence names them all."""
    stage = WatchStage(redis_client, Policy((Rule("no", Deny("not here")),)))
    assert said((await stage.type("watch *")).text) == (
        "You can't watch nightly and hourly here: not here. Nothing was changed."
    )


async def test_a_policy_that_does_not_know_watches_refuses_them(redis_client: Redis) -> None:
    """Such a policy also refuses a pattern that matches nothing yet."""
    stage = WatchStage(redis_client, Policy((Rule("old", Allow(), what=frozenset({Action.START})),)))
    for text in ("watch nightly", "watch finance-*"):
        assert NO_RULE_FOR_WATCH in said((await stage.type(text)).text)
    assert await stage.kept() == ()


async def test_guests_and_shared_channels_watch_nothing(stage: WatchStage) -> None:
    """The default policy refuses them."""
    stage.people.people["U0GUS"] = Person("U0GUS", frozenset({Role.GUEST}), frozenset())
    assert "guests can only read" in said((await stage.type("watch nightly", user="U0GUS")).text)
    stage.people.channels["C9"] = ChannelInfo("C9", "shared", ChannelKind.PUBLIC, shared=True)
    assert "shared with another organization" in said((await stage.type("watch nightly", channel="C9")).text)
    assert await stage.kept() == ()


async def test_a_full_channel_is_told_the_limit(stage: WatchStage) -> None:
    """Nothing is changed."""
    for number in range(WATCHES_MOST_IN_CHANNEL):
        await stage.store.add_watch(Watch(CHANNEL, 0, "T", f"s{number}*", NOW))
    assert "There are 50 watches here, which is the limit." in said((await stage.type("watch nightly")).text)
    assert len(await stage.kept()) == WATCHES_MOST_IN_CHANNEL


async def test_quiet_hours_are_in_the_time_zone_of_whoever_sets_them(stage: WatchStage) -> None:
    """A command can name another time zone; if Slack doesn't know the person's, it's UTC."""
    await stage.type("watch nightly --quiet 22:00-07:00", user=BOB)
    stage.people.people[ADA] = Person(ADA, frozenset({Role.MEMBER}), time_zone="Australia/Lord_Howe")
    answer = await stage.type("watch hourly --quiet 22:00-07:00")
    assert "quiet from 22:00 to 07:00 (Australia/Lord_Howe)" in said(answer.text)
    await stage.type("watch * --quiet 22:00-07:00 --tz Europe/Berlin")
    assert [one.time_zone for one in await stage.kept()] == ["UTC", "Australia/Lord_Howe", "Europe/Berlin"]


async def test_late_and_slow_runs_are_reported_of_a_single_schedule(stage: WatchStage) -> None:
    """Late and slow runs are reported as the command says; for a pattern, they aren't reported by default."""
    await stage.type("watch nightly --late off --slow off")
    await stage.type("watch hourly --late 15m --slow 45m --only ends --prs")
    await stage.type("watch * --only all")
    assert [(one.late_s, one.slow, one.only, one.pull_requests) for one in await stage.kept()] == [
        (None, None, "failures", False),
        (900, SlowAfter(seconds=2700), "ends", True),
        (None, None, "all", False),
    ]


async def test_a_schedule_that_runs_very_often_is_said_to_have_one_line_an_hour(stage: WatchStage) -> None:
    """The answer says so only if individual runs are reported at all."""
    for minutes in range(14):
        run = stage.bolt.add_run("nightly", "SUCCESS")
        began = NOW - timedelta(minutes=5 * minutes)
        stage.bolt.runs_of["nightly"][0] = RunSummary(
            run, "SUCCESS", "scheduler", started_at=began, ended_at=began + timedelta(minutes=1), branch="main"
        )
    message = said((await stage.type("watch nightly --only ends")).text)
    assert "It runs more than 12 times a day: I report failures one by one" in message
    assert "2 lines on individual runs: less than one message a day" in message
    assert "more than 12" not in said((await stage.type("watch nightly --only failures")).text)


async def test_bolt_being_away_is_said(stage: WatchStage) -> None:
    """The answer adds that nothing was changed."""
    stage.bolt.faults.fail("schedules", BoltNotSent(), BoltNotSent())
    assert said((await stage.type("watch nightly")).text).endswith("Nothing was changed.")
    assert await stage.kept() == ()


async def test_direct_messages_of_others_watch_nothing(stage: WatchStage) -> None:
    """The bot can't post there."""
    assert "I'm not part of it" in said((await stage.type("watch nightly", channel="D9")).text)
    assert await stage.kept() == ()


async def test_an_inactive_schedule_can_be_watched(stage: WatchStage) -> None:
    """A watch of an inactive schedule covers nothing until the schedule is active."""
    stage.bolt.inactive = [replace(NIGHTLY, slug="old", name="Old")]
    await stage.type("watch old")
    assert [one.pattern for one in await stage.kept()] == ["old"]


async def test_owners_who_are_not_here_are_named(redis_client: Redis) -> None:
    """Owners who aren't in the channel are named, unless the watch doesn't mention owners."""
    stage = WatchStage(
        redis_client, memberships=FakeMemberships({"C9": ""}), by_address=FakePeopleByAddress(ada="U0ADA")
    )
    stage.bolt.active = [replace(one, owner="ada@example.com") for one in stage.bolt.active]
    assert "Owners who aren't in this channel won't be notified: ada." in shown(await stage.type("watch *"))
    assert "won't be notified" not in str(shown(await stage.type("watch nightly --mention none")))
    assert stage.by_address.asked == ["ada@example.com"]


async def test_what_a_file_sets_is_not_changed(redis_client: Redis) -> None:
    """Typing the command again gets the answer that the schedule is already watched."""
    stage = WatchStage(redis_client)
    await stage.store.add_watch(Watch(CHANNEL, 0, "T", "night*", NOW))
    before = await stage.kept()
    assert "Already watching night* here (watch 1)" in shown(await stage.type("watch night*"))[0]
    assert "is set in a file" in said((await stage.type("watch night* --mention none")).text)
    assert await stage.kept() == before
