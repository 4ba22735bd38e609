"""Watches pause while the bot can't post in their channel, or isn't allowed to, and resume afterward."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.admission import Limits
from bot.core.model.channel import ChannelState
from bot.core.model.channel_back import ChannelBack
from bot.core.model.errors import ChannelRefused, MessageGone, ScopeMissing, SlackOutcomeUnknown
from bot.core.model.incident import HIDDEN
from bot.core.model.person import Person, Role
from bot.core.model.request import RequestState
from bot.core.model.watch import OPERATOR, Watch
from bot.core.policy.rules import Allow, Policy, Rule, Where
from bot.store.admissions import Admissions
from tests.core.views.plain import shown
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import ADA, BOB, CHANNEL, sent
from tests.flows.test_read_incident_retries import click

ARCHIVED = ChannelState(is_member=False, is_archived=True)
REMOVED = ChannelState(is_member=False)
UNREADABLE = ChannelState(is_readable=False)
SHARED = ChannelState(is_shared=True)
NOT_IN = ChannelRefused("chat.postMessage", "not_in_channel")


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches, with an empty store."""
    return IncidentStage(one_redis)


async def fails(stage: IncidentStage, slug: str = "nightly") -> None:
    """A run that wasn't started here fails."""
    stage.run_through("FAILED", slug)
    await stage.discover()


async def the_watch(stage: IncidentStage) -> Watch:
    """The only watch."""
    (watch,) = await stage.watches.all_watches()
    return watch


async def leaves(stage: IncidentStage, state: ChannelState = REMOVED) -> None:
    """The bot is removed from the channel, or can't use it for another reason."""
    stage.channels.states[CHANNEL] = state
    stage.chat.refusing[CHANNEL] = NOT_IN
    await stage.check_channels()


async def returns(stage: IncidentStage) -> None:
    """The bot is invited to the channel again."""
    del stage.channels.states[CHANNEL]
    del stage.chat.refusing[CHANNEL]
    await stage.check_channels()


async def moves(stage: IncidentStage) -> None:
    """The channel gets another id, C2, first in Slack and then here."""
    stage.chat.posted = {("C2", ts): replace(sent, channel="C2") for (_, ts), sent in stage.chat.posted.items()}
    assert await stage.watches.move_channel(CHANNEL, "C2") == 1


async def edits_due(stage: IncidentStage, channel: str = CHANNEL) -> None:
    """Make edits due at once, although an outage's message is edited at most once every ten seconds."""
    key = stage.scripts.key("edits", "incident", channel)
    for index in (key, stage.scripts.key("edits", "incident")):
        for member in await stage.redis.zrange(index, 0, -1):
            await stage.redis.zadd(index, {str(member): 1})
    await stage.settle()


async def events(stage: IncidentStage) -> list[str]:
    """The audit log, oldest first."""
    return [one.event async for one in stage.audit.oldest()]


async def test_a_removed_bot_pauses_and_goes_on_with_one_message(stage: IncidentStage) -> None:
    """One message reports what failed meanwhile, and the bot doesn't join the channel by itself."""
    await stage.watch("*")
    await leaves(stage)
    assert (await the_watch(stage)).paused == "removed"
    await fails(stage)
    await fails(stage, "hourly")
    await fails(stage, "hourly")
    assert stage.cards() == []
    await returns(stage)
    (message,) = stage.cards()
    assert "2 schedules are failing now" in message
    assert "Nightly full build: 1 failed run" in message
    assert "Hourly: 2 failed runs" in message
    assert (await the_watch(stage)).paused == ""
    assert stage.chat.joined == []
    assert await events(stage) == ["watch_paused", "watch_resumed"]
    await stage.check_channels()
    assert len(stage.cards()) == 1


async def test_nothing_of_an_incident_stays_queued(stage: IncidentStage) -> None:
    """The message at the bot's return reports it, so none of its posts waits for the channel."""
    await stage.watch("*")
    await fails(stage)
    queued = {"opening": 0, "opened": 1, "recovery": 2, "line": 3}
    for name, number in queued.items():
        item = f"incident/{number}/{CHANNEL}/nightly"
        await stage.redis.zadd(stage.scripts.key("posts", name, CHANNEL), {item: 2e15})
    await leaves(stage)
    left = [await stage.redis.zcard(stage.scripts.key("posts", name, CHANNEL)) for name in queued]
    assert left == [0, 0, 0, 0]


async def test_a_kill_before_the_watches_go_on_reports_nothing_twice(stage: IncidentStage) -> None:
    """A failure after the message about the bot's return was queued is reported once, in its own message."""
    await stage.watch("*")
    await leaves(stage)
    await fails(stage)
    del stage.channels.states[CHANNEL]
    del stage.chat.refusing[CHANNEL]
    watch = await the_watch(stage)
    assert watch.paused_at is not None
    back = ChannelBack(watch.paused_at, always=True)
    assert await stage.incidents.channel_back(CHANNEL, back) == ["nightly"]
    # The process is killed here.
    await stage.settle()
    await fails(stage, "hourly")
    await stage.check_channels()
    assert (await the_watch(stage)).paused == ""
    assert len([one for one in stage.cards() if "I can post here again" in one]) == 1
    assert len([one for one in stage.cards() if "Hourly" in one and "failed" in one]) == 1


async def test_the_next_failure_after_the_return_has_a_message_with_the_whole_count(stage: IncidentStage) -> None:
    """The count is the same as if the bot had been there all the time."""
    await stage.watch()
    await leaves(stage)
    await fails(stage)
    await returns(stage)
    await fails(stage)
    _back, message = stage.cards()
    assert "failing: 2 runs" in message
    assert len(await stage.thread()) == 1


async def test_a_message_from_before_is_brought_up_to_date(stage: IncidentStage) -> None:
    """The schedule failed before the bot was removed, and recovered while it was away."""
    await stage.watch()
    await fails(stage)
    await leaves(stage)
    stage.run_through("SUCCESS")
    await stage.discover()
    (before,) = stage.cards()
    assert "failed" in before
    await returns(stage)
    message, back = stage.cards()
    assert "recovered" in message
    assert "Nothing I watch here is failing; 1 schedule has failed and recovered since" in back
    assert len(await stage.thread()) == 1


@pytest.mark.parametrize("minutes", [0, 10, -10], ids=["right", "ahead", "behind"])
async def test_what_failed_and_recovered_meanwhile_is_reported_by_any_clock(one_redis: Redis, minutes: int) -> None:
    """The two clocks differ: the bot's removal is timed by the bot's clock, and the end of a run by Bolt's."""
    stage = IncidentStage(one_redis, ahead=timedelta(minutes=minutes))
    await stage.watch()
    await leaves(stage)
    await fails(stage)
    stage.run_through("SUCCESS")
    await stage.discover()
    await returns(stage)
    (back,) = stage.cards()
    assert "Nothing I watch here is failing; 1 schedule has failed and recovered since" in back


async def test_what_recovered_before_anyone_noticed_that_the_bot_was_away_is_reported(stage: IncidentStage) -> None:
    """Slack refused the incident's message, so the channel hears of it only from the message at the bot's return."""
    await stage.watch()
    stage.channels.states[CHANNEL] = REMOVED
    stage.chat.refusing[CHANNEL] = NOT_IN
    stage.run_through("FAILED")
    stage.run_through("SUCCESS")
    await stage.discover()
    stage.pass_minutes(1)
    assert await stage.work("channels") == 1
    await returns(stage)
    (back,) = stage.cards()
    assert "Nothing I watch here is failing; 1 schedule has failed and recovered since" in back


async def test_what_waited_already_is_not_posted_twice(stage: IncidentStage) -> None:
    """Slack refused the post before the bot knew it was removed; the refusal causes a check of the channel."""
    await stage.watch()
    stage.channels.states[CHANNEL] = REMOVED
    stage.chat.refusing[CHANNEL] = NOT_IN
    await fails(stage)
    assert await stage.work("channels") == 1
    assert (await the_watch(stage)).paused == "removed"
    assert await stage.post() is None
    await returns(stage)
    assert len(stage.cards()) == 1


async def test_an_archived_channel_says_nothing_when_nothing_happened(stage: IncidentStage) -> None:
    """The channel was archived and restored."""
    await stage.watch()
    await leaves(stage, ARCHIVED)
    assert (await the_watch(stage)).paused == "archived"
    await returns(stage)
    assert (await the_watch(stage)).paused == ""
    assert stage.cards() == []


async def test_a_private_channel_that_slack_does_not_describe(stage: IncidentStage) -> None:
    """The bot isn't in the channel. Failures counted in the meantime are reported when the bot returns."""
    await stage.watch(made_by=ADA)
    await leaves(stage, UNREADABLE)
    assert (await the_watch(stage)).paused == "removed"
    await fails(stage)
    await returns(stage)
    assert "1 schedule is failing now" in stage.cards()[0]


async def test_after_thirty_days_it_is_deleted_on_record(stage: IncidentStage) -> None:
    """The deletion is in the audit log, and the watch's incidents are closed."""
    await stage.watch()
    await fails(stage)
    await leaves(stage)
    stage.at += timedelta(days=29)
    await stage.check_channels()
    assert await stage.watches.all_watches()
    stage.at += timedelta(days=1)
    await stage.check_channels()
    assert await stage.watches.all_watches() == ()
    assert await stage.incidents.open_incidents() == []
    assert await events(stage) == ["watch_paused", "watch_deleted"]
    await stage.check_channels()
    assert await stage.redis.zcard(stage.scripts.key("due", "channels")) == 0


async def test_a_channel_that_becomes_shared_is_not_told_any_more(stage: IncidentStage) -> None:
    """The incident's message hides everything, and the watches' creator is told once, privately."""
    await stage.watch(made_by=ADA)
    await stage.watch("hour*", made_by=ADA)
    await fails(stage)
    stage.channels.states[CHANNEL] = SHARED
    await stage.check_channels()
    await stage.check_channels()
    (message,) = stage.cards()
    assert HIDDEN in message
    assert "Nightly" not in message
    (told,) = stage.chat.told(ADA)
    assert "nightly" in told
    assert "hour*" in told
    assert "shared with another organization" in told
    await fails(stage)
    assert stage.cards() == [message]
    assert await events(stage) == ["watch_paused", "watch_paused"]


async def test_posts_that_wait_are_not_posted_into_a_shared_channel(stage: IncidentStage) -> None:
    """The channel was shared after the failure, and before its message was posted."""
    await stage.watch(made_by=ADA)
    stage.run_through("FAILED")
    for name in ("discovery", "looks"):
        await stage.work(name)
    await stage.poll()
    for name in ("ends", "accounts"):
        await stage.work(name)
    assert await stage.incidents.open_incidents(CHANNEL)
    stage.channels.states[CHANNEL] = SHARED
    await stage.check_channels()
    assert stage.cards() == []


async def test_a_channel_that_is_no_longer_shared_goes_on(stage: IncidentStage) -> None:
    """The watch resumes, and the next failure is posted."""
    await stage.watch(made_by=ADA)
    stage.channels.states[CHANNEL] = SHARED
    await stage.check_channels()
    del stage.channels.states[CHANNEL]
    await stage.check_channels()
    assert (await the_watch(stage)).paused == ""
    await fails(stage)
    assert "failed" in stage.cards()[-1]


async def test_a_rule_may_allow_watches_in_shared_channels(one_redis: Redis) -> None:
    """If a rule allows them, the watch isn't paused."""
    stage = IncidentStage(one_redis, policy=Policy((Rule("partners", Allow(), where=Where(shared=True)),)))
    await stage.watch(made_by=ADA)
    stage.channels.states[CHANNEL] = SHARED
    await stage.check_channels()
    assert (await the_watch(stage)).paused == ""


async def test_a_suspended_watch_whose_channel_cannot_be_read_stays_suspended(stage: IncidentStage) -> None:
    """The bot was removed as well, so it doesn't know whether the channel is still shared."""
    await stage.watch(made_by=ADA)
    for state in (SHARED, UNREADABLE):
        stage.channels.states[CHANNEL] = state
        await stage.check_channels()
        assert (await the_watch(stage)).paused == "shared"


@pytest.mark.parametrize("made_by", [OPERATOR, BOB])
async def test_where_the_creator_cannot_be_told_admins_are(stage: IncidentStage, made_by: str) -> None:
    """The watch was made by the operator, or its creator has left."""
    stage.people.people[BOB] = Person(BOB, frozenset(), frozenset())
    await stage.watch(made_by=made_by)
    stage.channels.states[CHANNEL] = SHARED
    await stage.check_channels()
    assert len(stage.chat.told("U0ADMIN")) == 1
    assert stage.chat.told(BOB) == []


async def test_a_private_message_that_slack_does_not_take_is_sent_later(stage: IncidentStage) -> None:
    """A private message that Slack doesn't take is sent later, and only once."""
    await stage.watch(made_by=ADA)
    stage.channels.states[CHANNEL] = SHARED
    stage.chat.faults.fail("post_direct", SlackOutcomeUnknown("chat.postMessage"))
    await stage.work("channels", whatever=True)
    assert stage.chat.told(ADA) == []
    for _ in range(2):
        await stage.check_channels()
    assert len(stage.chat.told(ADA)) == 1


@pytest.mark.parametrize("away", [SlackOutcomeUnknown("conversations.info"), ScopeMissing("conversations.info", "x")])
async def test_a_channel_that_slack_says_nothing_about_stays_as_it_is(
    stage: IncidentStage, away: SlackOutcomeUnknown | ScopeMissing
) -> None:
    """The channel's watches go on, and the channel is checked again later."""
    await stage.watch()
    stage.channels.away = away
    await stage.check_channels()
    assert (await the_watch(stage)).paused == ""
    assert await stage.redis.zcard(stage.scripts.key("due", "channels")) == 1


async def test_direct_messages_are_not_checked(stage: IncidentStage) -> None:
    """The bot can't be removed from them, and they can't be archived or shared."""
    await stage.watch(channel="D1")
    assert await stage.redis.zcard(stage.scripts.key("due", "channels")) == 0


async def test_a_channel_whose_last_watch_is_stopped_is_not_checked_again(stage: IncidentStage) -> None:
    """The checks end at once, not when the next one is due; while the channel has another watch, they go on."""
    due = stage.scripts.key("due", "channels")
    first, second = await stage.watch(), await stage.watch("hourly")
    await stage.watches.remove_watch(CHANNEL, first.number)
    assert await stage.work("channels") == 0
    await stage.watches.remove_watch(CHANNEL, second.number)
    assert await stage.work("channels") == 1
    assert await stage.redis.zcard(due) == 0


async def test_a_channel_with_another_id_takes_everything_along(stage: IncidentStage) -> None:
    """The watch moves with its number, and the incident with its message, which is edited there."""
    await stage.watch()
    await fails(stage)
    ts = (await stage.stored()).ts
    await moves(stage)
    assert await stage.watches.move_channel(CHANNEL, "C2") == 0
    moved = await stage.stored("C2")
    assert (moved.ts, moved.incident.channel, moved.incident.failures) == (ts, "C2", 1)
    assert await stage.incidents.load_incident(CHANNEL, "nightly") is None
    assert (await the_watch(stage)).name == "C2:1"
    await fails(stage)
    assert "failing: 2 runs" in stage.chat.posted["C2", ts].text
    stage.run_through("SUCCESS")
    await stage.discover()
    assert "recovered" in stage.chat.posted["C2", ts].text
    assert stage.cards() == []


@pytest.mark.parametrize("waits_for", ["edit", "trigger"])
async def test_a_retry_that_is_starting_goes_on_in_a_channel_with_another_id(
    stage: IncidentStage, waits_for: str
) -> None:
    """The retry is sent once the moved message shows it, and its progress is shown there and nowhere else."""
    stage.people.people[ADA] = Person(ADA, name="ada", roles=frozenset({Role.MEMBER}))
    await stage.watch()
    await fails(stage)
    ts = (await stage.stored()).ts
    await click(stage)
    await stage.advance()
    if waits_for == "trigger":
        await stage.edit()
        await stage.post()
    await moves(stage)
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "channel_not_found")
    await edits_due(stage, "C2")
    assert ":repeat: Retry by ada: starting" in shown(stage.chat.posted["C2", ts].message)
    while await stage.state() is RequestState.LOOKED:
        assert await stage.post()
    await stage.advance()
    assert sent(stage) == ["retry"]
    run_id = (await stage.request()).run_id
    assert run_id is not None
    await edits_due(stage, "C2")
    assert f":repeat: Being retried as run {run_id} by ada" in shown(stage.chat.posted["C2", ts].message)
    stage.end(run_id, "CANCELED")
    await stage.discover()
    assert f":repeat: Retry by ada: run {run_id} cancelled" in shown(stage.chat.posted["C2", ts].message)
    assert (await stage.request()).end_untold is False
    assert stage.cards() == []


async def returns_elsewhere(stage: IncidentStage) -> None:
    """The bot is in the channel with its new id, and the old one is gone."""
    stage.channels.states[CHANNEL] = UNREADABLE
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "channel_not_found")
    await stage.check_channels()
    await edits_due(stage, "C2")


@pytest.mark.parametrize("step", ["away", "back, watches paused", "back"])
async def test_a_channel_that_gets_another_id_while_it_comes_back_has_one_message_there(
    stage: IncidentStage, step: str
) -> None:
    """There's one message in each step of the channel's return, even before the bot knows that it can post again."""
    await stage.watch("*")
    await leaves(stage)
    await fails(stage)
    await fails(stage, "hourly")
    if step == "back, watches paused":
        since = (await the_watch(stage)).paused_at
        assert since is not None
        await stage.incidents.channel_back(CHANNEL, ChannelBack(since))
    elif step == "back":
        del stage.channels.states[CHANNEL]
        assert await stage.work("channels", whatever=True) == 1
    await moves(stage)
    await stage.post_what_is_due()
    await returns_elsewhere(stage)
    (message,) = stage.cards("C2")
    assert "2 schedules are failing now" in message
    assert (await the_watch(stage)).paused == ""
    assert stage.cards() == []
    await fails(stage, "hourly")
    assert len(stage.cards("C2")) == 2


async def test_a_bot_that_is_away_from_a_channel_stays_away_when_that_gets_another_id(stage: IncidentStage) -> None:
    """The message posted on the bot's return lists what failed in the meantime."""
    await stage.watch("*")
    await leaves(stage)
    await fails(stage)
    await moves(stage)
    stage.channels.states["C2"] = REMOVED
    stage.chat.refusing["C2"] = NOT_IN
    await stage.check_channels()
    await fails(stage, "hourly")
    del stage.channels.states["C2"], stage.chat.refusing["C2"]
    await stage.post_what_is_due()
    assert stage.cards("C2") == []
    await stage.check_channels()
    (message,) = stage.cards("C2")
    assert "2 schedules are failing now" in message


async def test_what_a_channel_has_refused_is_posted_when_it_gets_another_id(stage: IncidentStage) -> None:
    """If the old id stopped working before Slack announced the new one, the post doesn't wait for its next try."""
    await stage.watch(only="ends")
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "channel_not_found")
    stage.run_through("CANCELED")
    await stage.discover()
    await moves(stage)
    await stage.post_what_is_due()
    (line,) = stage.cards("C2")
    assert "cancelled" in line


async def test_an_outage_of_a_channel_with_another_id_goes_on_there(stage: IncidentStage) -> None:
    """The same message goes on counting the schedules that recover after the move."""
    slugs = [f"job-{number}" for number in range(8)]
    stage.bolt.active[:] = [replace(stage.bolt.active[0], slug=slug, name=f"Job {slug}") for slug in slugs]
    await stage.watch("*")
    for slug in slugs:
        stage.run_through("FAILED", slug)
        stage.at -= timedelta(minutes=1)
    await stage.discover()
    await moves(stage)
    (before,) = [text for text in stage.cards("C2") if "schedules failing" in text]
    stage.run_through("SUCCESS", slugs[-1])
    await stage.discover()
    await edits_due(stage, "C2")
    (after,) = [text for text in stage.cards("C2") if "schedules failing" in text or "schedule failing" in text]
    assert after != before
    assert stage.cards() == []


async def test_an_outage_is_brought_up_to_date_and_withdrawn(stage: IncidentStage) -> None:
    """After the bot's return the message shows the changes; once the channel is shared, it names no schedule."""
    slugs = [f"job-{number}" for number in range(8)]
    stage.bolt.active[:] = [replace(stage.bolt.active[0], slug=slug, name=f"Job {slug}") for slug in slugs]
    await stage.watch("*", made_by=ADA)
    for slug in slugs:
        stage.run_through("FAILED", slug)
        stage.at -= timedelta(minutes=1)
    await stage.discover()
    (outage,) = [text for text in stage.cards() if "schedules failing" in text]
    await leaves(stage)
    stage.run_through("SUCCESS", slugs[-1])
    await stage.discover()
    await returns(stage)
    await edits_due(stage)
    assert outage not in stage.cards()
    stage.channels.states[CHANNEL] = SHARED
    await stage.check_channels()
    await edits_due(stage)
    shown = [one for one in stage.cards() if "I can post here again" not in one]
    assert not any("job-" in one for one in shown), shown


async def refuses(stage: IncidentStage, error: ChannelRefused = NOT_IN) -> None:
    """A failure's message is refused, and queued again."""
    stage.chat.refusing[CHANNEL] = error
    await fails(stage)


async def test_a_bot_that_is_back_before_the_check_posts_what_was_refused(stage: IncidentStage) -> None:
    """The bot posts at the check instead of ten minutes after the refusal, and its return needs no message."""
    await stage.watch()
    await refuses(stage)
    del stage.chat.refusing[CHANNEL]
    await stage.post_what_is_due()
    assert stage.cards() == []
    assert await stage.work("channels") == 1
    await stage.post_what_is_due()
    (message,) = stage.cards()
    assert "failed" in message
    assert await events(stage) == []


async def test_a_message_whose_edit_was_refused_is_brought_up_to_date_at_the_check(stage: IncidentStage) -> None:
    """The message shows what happened in the meantime."""
    await stage.watch()
    await fails(stage)
    stage.chat.refusing[CHANNEL] = NOT_IN
    stage.run_through("SUCCESS")
    await stage.discover()
    del stage.chat.refusing[CHANNEL]
    assert await stage.work("channels") == 1
    await stage.settle()
    (message,) = stage.cards()
    assert "recovered" in message


async def test_so_is_the_message_of_an_outage(stage: IncidentStage) -> None:
    """The message shows its schedules' current count."""
    slugs = [f"job-{number}" for number in range(8)]
    stage.bolt.active[:] = [replace(stage.bolt.active[0], slug=slug, name=f"Job {slug}") for slug in slugs]
    await stage.watch("*")
    for slug in slugs:
        stage.run_through("FAILED", slug)
        stage.at -= timedelta(minutes=1)
    await stage.discover()
    (before,) = [text for text in stage.cards() if "schedules failing" in text]
    stage.chat.refusing[CHANNEL] = NOT_IN
    stage.run_through("SUCCESS", slugs[-1])
    await stage.discover()
    await edits_due(stage)
    del stage.chat.refusing[CHANNEL]
    assert before in stage.cards()
    assert await stage.work("channels") == 1
    await edits_due(stage)
    assert before not in stage.cards()


async def test_a_channel_goes_on_although_its_paused_watch_was_replaced_by_another(stage: IncidentStage) -> None:
    """The watches file may have changed. One message lists what the old watch found, and later failures follow."""
    await stage.watch("*")
    await leaves(stage)
    await fails(stage)
    await stage.add_watch("*ly")
    await stage.watches.remove_watch(CHANNEL, 1)
    await returns(stage)
    await stage.post_what_is_due()
    (message,) = stage.cards()
    assert "1 schedule is failing now" in message
    await fails(stage, "hourly")
    assert len(stage.cards()) == 2


async def test_what_else_was_refused_is_posted_when_the_watches_go_on(stage: IncidentStage) -> None:
    """A line that isn't about an incident is posted as a message of its own when the bot is back."""
    await stage.watch(only="ends")
    stage.chat.refusing[CHANNEL] = NOT_IN
    stage.run_through("CANCELED")
    await stage.discover()
    stage.channels.states[CHANNEL] = REMOVED
    assert await stage.work("channels") == 1
    del stage.channels.states[CHANNEL], stage.chat.refusing[CHANNEL]
    await stage.work("channels", whatever=True)
    await stage.post_what_is_due()
    assert len([one for one in stage.cards() if "I can post here again" in one]) == 1
    assert len([one for one in stage.cards() if "cancelled" in one]) == 1


async def test_a_channel_that_slack_describes_as_fit_and_still_refuses_is_tried_once(stage: IncidentStage) -> None:
    """Checks and posts don't keep triggering each other."""
    await stage.watch()
    await refuses(stage, ChannelRefused("chat.postMessage", "posting_to_channel_denied"))
    checks = []
    for _ in range(3):
        checks.append(await stage.work("channels"))
        await stage.post_what_is_due()
    assert checks == [1, 1, 0]


@pytest.mark.parametrize("code", ["restricted_action", "restricted_action_read_only_channel"])
async def test_a_channel_where_only_some_may_post_is_tried_again_only_when_its_time_is_over(
    stage: IncidentStage, code: str
) -> None:
    """Slack's description of the channel doesn't show the restriction, so no budget is spent on another try."""
    await stage.watch()
    await refuses(stage, ChannelRefused("chat.postMessage", code))
    checks = []
    for _ in range(3):
        checks.append(await stage.work("channels"))
        await stage.post_what_is_due()
    assert checks == [1, 0, 0]
    assert await stage.posts.unreachable_why(CHANNEL) == code


async def ten_minutes_pass(stage: IncidentStage) -> None:
    """Ten minutes pass, after which a channel that refused a post is tried again."""
    for kind in ((), ("until",), ("tried",)):
        await stage.redis.delete(stage.scripts.key("aside", *kind, CHANNEL))
    ten_minutes_us = 600 * 1_000_000
    for due in await stage.redis.keys(stage.scripts.key("posts", "*")) + [stage.scripts.key("due", "channels")]:
        for member in await stage.redis.zrange(due, 0, -1):
            await stage.redis.zincrby(due, -ten_minutes_us, str(member))


RESTRICTED = ChannelRefused("chat.postMessage", "restricted_action")


async def test_a_message_in_a_channel_where_only_some_may_post_is_edited_all_the_same(stage: IncidentStage) -> None:
    """Slack may accept edits there, so they're tried when a post is refused, and again whenever a post is retried."""
    await stage.watch("*")
    await fails(stage)
    ts = (await stage.stored()).ts
    stage.chat.faults.always["post_message"] = RESTRICTED
    stage.run_through("FAILED", "hourly")
    stage.run_through("FAILED")
    await stage.discover()
    assert await stage.work("channels") == 1
    await stage.settle()
    assert "2 runs" in stage.chat.posted[CHANNEL, ts].text
    stage.run_through("SUCCESS")
    await stage.discover()
    assert "recovered" not in stage.chat.posted[CHANNEL, ts].text
    await ten_minutes_pass(stage)
    await stage.post_what_is_due()
    assert await stage.work("channels") == 1
    await stage.settle()
    assert "recovered" in stage.chat.posted[CHANNEL, ts].text


async def test_if_edits_are_refused_there_too_each_is_tried_once_in_ten_minutes(stage: IncidentStage) -> None:
    """Checks and edits don't keep triggering each other, and once Slack accepts an edit, it shows what happened."""
    await stage.watch("*")
    await fails(stage)
    ts = (await stage.stored()).ts
    stage.chat.refusing[CHANNEL] = RESTRICTED
    stage.run_through("FAILED", "hourly")
    stage.run_through("SUCCESS")
    await stage.discover()
    for _ in range(2):
        done = []
        for _ in range(4):
            edits, checks = 0, await stage.work("channels")
            while await stage.edit():
                edits += 1
            done.append((checks, edits))
        assert done == [(1, 1), (1, 0), (0, 0), (0, 0)]
        await ten_minutes_pass(stage)
        await stage.post_what_is_due()
    stage.chat.refusing.clear()
    await stage.work("channels")
    await stage.settle()
    assert "recovered" in stage.chat.posted[CHANNEL, ts].text


async def test_an_edit_tried_again_is_not_given_up_when_a_post_is_refused_just_then(stage: IncidentStage) -> None:
    """The edit and the post are due at the same time: whichever comes first, the message is edited now."""
    await stage.watch("*")
    await fails(stage)
    ts = (await stage.stored()).ts
    stage.chat.faults.always["post_message"] = RESTRICTED
    stage.run_through("FAILED", "hourly")
    await stage.discover()
    await stage.work("channels")
    stage.run_through("SUCCESS")
    await stage.discover()
    await ten_minutes_pass(stage)
    assert await stage.work("channels") == 1
    await stage.post_what_is_due()
    await stage.work("channels")
    while await stage.edit():
        pass
    assert "recovered" in stage.chat.posted[CHANNEL, ts].text


async def test_a_channel_that_refuses_edits_takes_one_slot_of_the_budget_at_each_try(stage: IncidentStage) -> None:
    """Each try takes one slot however many messages are out of date, because other channels share the budget."""
    slugs = [f"job-{number}" for number in range(4)]
    stage.bolt.active[:] = [replace(stage.bolt.active[0], slug=slug, name=f"Job {slug}") for slug in slugs]
    await stage.watch("*")
    for slug in slugs:
        await fails(stage, slug)
    stage.chat.refusing[CHANNEL] = NOT_IN
    for slug in slugs:
        stage.run_through("SUCCESS", slug)
    await stage.discover()
    await stage.work("channels")
    while await stage.edit():
        pass
    await ten_minutes_pass(stage)
    await stage.work("channels")
    edits = 0
    while await stage.edit():
        edits += 1
    assert edits == 1
    stage.chat.refusing.clear()
    await ten_minutes_pass(stage)
    await stage.work("channels")
    await stage.settle()
    assert len([text for text in stage.cards() if "recovered" in text]) == 4


async def test_an_edit_that_is_refused_whatever_slack_says_of_the_channel_is_tried_once(stage: IncidentStage) -> None:
    """Otherwise each refusal would cause another check of the channel."""
    await stage.watch()
    await fails(stage)
    stage.chat.refusing[CHANNEL] = NOT_IN
    stage.run_through("SUCCESS")
    await stage.discover()
    checks = []
    for _ in range(3):
        checks.append(await stage.work("channels"))
        while await stage.edit():
            pass
    assert checks == [1, 1, 0]


async def test_a_message_that_is_refused_for_itself_is_not_edited_again_with_each_post(stage: IncidentStage) -> None:
    """The channel accepts other messages: a check would find nothing, and each try would use up edit budget."""
    await stage.watch()
    await fails(stage)
    stage.chat.faults.always["edit_message"] = MessageGone("chat.update", "edit_window_closed")
    for state in ("SUCCESS", "FAILED"):
        stage.run_through(state)
        await stage.discover()
        assert await stage.work("channels") == 0
        await stage.posts.mark_reachable(CHANNEL)
        assert not await stage.edit()


async def test_a_command_from_a_channel_that_the_bot_was_removed_from_has_it_checked(stage: IncidentStage) -> None:
    """Slack's event for the bot's return may be lost, so a command causes a check, at most once a minute."""
    admissions = Admissions(stage.scripts, Limits())
    await stage.watch()
    await admissions.admit(ADA, CHANNEL, "before")
    assert await stage.work("channels") == 0
    await leaves(stage)
    checks = []
    for number in range(2):
        await admissions.admit(ADA, CHANNEL, f"away-{number}")
        checks.append(await stage.work("channels"))
    assert checks == [1, 0]
    assert (await the_watch(stage)).paused == "removed"
    a_minute_ago = round((time.time() - 61) * 1_000_000)
    await stage.redis.set(stage.scripts.key("away", CHANNEL), a_minute_ago)
    del stage.channels.states[CHANNEL]
    await admissions.admit(ADA, "C2", "elsewhere")
    assert await stage.work("channels") == 0
    await admissions.admit(ADA, CHANNEL, "back")
    assert await stage.work("channels") == 1
    assert (await the_watch(stage)).paused == ""
