"""After a gap between listings, one message per channel reports everything that happened during the gap."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.audit_entry import Event
from bot.core.model.channel import ChannelState
from bot.core.model.errors import BoltDenied, ChannelRefused, MessageGone
from bot.core.model.listing_gap import GapNotice, GapState
from bot.core.model.watch import Pause, PauseChange, Quiet
from bot.core.text.message import without_blocks
from bot.core.watching.file_plan import FilePlan
from tests.core.views.plain import said
from tests.flows.fakes import HOURLY, NIGHTLY, Sent
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL

DAY = 24 * 60
BLIND = "I haven't been able to read Bolt's runs since"


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches, with an empty store."""
    return IncidentStage(one_redis, gapless=False)


async def back(stage: IncidentStage) -> None:
    """The first complete listing after a gap, and all that follows from it."""
    for _ in range(3):
        await stage.discover()
        await stage.work("gaps", whatever=True)
    await stage.settle()


async def blind(stage: IncidentStage) -> None:
    """Bolt has refused the key for more than ten minutes by Redis' clock, and the bot says so."""
    await blind_but_not_posted(stage)
    await stage.settle()


async def blind_but_not_posted(stage: IncidentStage) -> None:
    """Bolt has refused the key for this long, and the messages that say so are queued."""
    stage.bolt.faults.always["activity"] = stage.bolt.faults.always["schedules"] = BoltDenied()
    stage.pass_minutes(12)
    await stage.work("discovery")
    tried = stage.scripts.key("gap", "tried")
    await stage.redis.hset(tried, "first", "1")
    await stage.work("discovery")
    await stage.work("gaps")


def messages(stage: IncidentStage, channel: str = CHANNEL) -> list[Sent]:
    """The messages in a channel, without those in threads."""
    return [one for one in stage.chat.posted.values() if (one.channel, one.thread) == (channel, None)]


def in_thread(stage: IncidentStage, message: Sent) -> list[str]:
    """The posts in a message's thread, including everything below their first lines."""
    posts = [one for one in stage.chat.posted.values() if (one.channel, one.thread) == (message.channel, message.ts)]
    return [said(without_blocks(one.message, 9000).text) for one in posts]


async def posts_come_due(stage: IncidentStage) -> None:
    """Everything that waits to be posted in the channel comes due."""
    for key in await stage.redis.keys(stage.scripts.key("posts", "*", CHANNEL)):
        for item in await stage.redis.zrange(key, 0, -1):
            await stage.redis.zadd(key, {str(item): 1})
    for key in await stage.redis.keys(stage.scripts.key("posts", "*")):
        if not str(key).endswith(CHANNEL):
            await stage.redis.zadd(key, {CHANNEL: 1})


def sees(stage: IncidentStage) -> None:
    """Bolt is back."""
    stage.bolt.faults.always.clear()


async def test_a_day_away_is_one_message_with_all_runs_in_its_thread(stage: IncidentStage) -> None:
    """After that, everything is as usual: the next failure gets a message of its own."""
    schedules = [replace(HOURLY, id=10 + n, slug=f"s{n}", name=f"Schedule {n}", uuid=f"u{n}") for n in range(30)]
    stage.bolt.active = schedules
    await stage.watch("*")
    for at in range(300):
        slug = f"s{at % 30}"
        stage.run_through("FAILED" if at % 30 < 3 or (at < 30 and at % 30 == 3) else "SUCCESS", slug)
        stage.pass_minutes(3)
    await back(stage)
    (message,) = messages(stage)
    text = stage.chat.in_channel(CHANNEL)[0]
    assert "I was away from" in text
    assert (
        "300 runs of 30 schedules ended in the meantime: 3 schedules are failing now, and 1 schedule failed and" in text
    )
    (runs,) = in_thread(stage, message)
    assert runs.startswith("300 runs ended in the meantime:")
    assert runs.index("Schedule 0: 10 runs, 10 failed") < runs.index("Schedule 9: 10 runs; the last one")
    assert runs.count("Schedule") == 30
    ((name, table, _),) = stage.chat.uploads.values()
    assert (name, table.decode().count("\n")) == ("runs.csv", 301)
    assert len(stage.chat.shared) == 1
    stage.run_through("FAILED", "s0")
    await stage.discover()
    stage.run_through("SUCCESS", "s1")
    await stage.discover()
    after = stage.chat.in_channel(CHANNEL)[1:]
    assert ["Schedule 0 is failing: 11 runs" in one for one in after] == [True, False]
    assert "Schedule 1 recovered after 10 failures" in after[1]
    assert len(after) == 2


async def test_only_the_newest_failures_log_is_read(stage: IncidentStage) -> None:
    """The logs of older failures aren't news."""
    await stage.watch()
    stage.pass_minutes(DAY)
    for _ in range(25):
        stage.run_through("FAILED")
    await back(stage)
    assert sum(method == "command_output" for method, _ in stage.bolt.reads) == 1
    assert (await stage.incident()).failures == 25


async def test_nothing_is_left_for_the_end_of_quiet_hours(stage: IncidentStage) -> None:
    """The gap's account has already reported the withheld failure."""
    await stage.watch()
    stage.pass_minutes(DAY)
    stage.run_through("FAILED")
    await back(stage)
    assert (await stage.incident()).withheld is None
    assert await stage.redis.zcard(stage.scripts.key("due", "quiet")) == 0


async def test_if_nothing_happened_that_is_the_account(stage: IncidentStage) -> None:
    """The account says so, and its thread is empty."""
    await stage.watch()
    stage.pass_minutes(30)
    await back(stage)
    (message,) = messages(stage)
    assert "No runs ended in the meantime." in stage.chat.in_channel(CHANNEL)[0]
    assert in_thread(stage, message) == []


async def test_under_ten_minutes_nothing_is_special(stage: IncidentStage) -> None:
    """A failure gets its usual message."""
    await stage.watch()
    stage.pass_minutes(8)
    stage.run_through("FAILED")
    await back(stage)
    assert len(stage.cards()) == 1
    assert "failed" in stage.chat.in_channel(CHANNEL)[0]


async def test_while_bolt_cannot_be_seen_each_channel_has_one_message_that_becomes_the_account(
    stage: IncidentStage,
) -> None:
    """The message gives the reason; people are mentioned in its thread, because an edit notifies nobody."""
    await stage.watch(mention="U0ADA")
    await stage.watch("hourly", "C2")
    await blind(stage)
    await blind(stage)
    assert [len(stage.cards(one)) for one in (CHANNEL, "C2")] == [1, 1]
    assert BLIND in stage.chat.in_channel(CHANNEL)[0]
    assert "Bolt refused my API key. Failures may go unreported." in stage.chat.in_channel(CHANNEL)[0]
    sees(stage)
    stage.run_through("FAILED")
    await back(stage)
    (message,) = messages(stage)
    assert "I couldn't read Bolt's runs from" in stage.chat.in_channel(CHANNEL)[0]
    assert "1 run of 1 schedule ended in the meantime: 1 schedule is failing now." in stage.chat.in_channel(CHANNEL)[0]
    assert "@U0ADA" in in_thread(stage, message)[0]
    assert "No runs ended in the meantime." in stage.chat.in_channel("C2")[0]
    assert len(stage.cards("C2")) == 1


UNWATCHED = "All watches in this channel have since been paused or stopped."


async def only_message(stage: IncidentStage, channel: str = CHANNEL) -> str:
    """Do what's due for gaps, and return the text of the channel's only message."""
    await stage.work("gaps")
    await stage.settle()
    (text,) = stage.chat.in_channel(channel)
    return text


async def test_if_the_last_watch_is_stopped_the_message_says_so(stage: IncidentStage) -> None:
    """Otherwise, the message would say that runs can't be seen, even long after Bolt is back."""
    watch = await stage.watch()
    other = await stage.watch("hourly")
    await stage.watch("hourly", "C2")
    await blind(stage)
    await stage.watches.remove_watch(CHANNEL, watch.number)
    assert BLIND in await only_message(stage)
    await stage.watches.remove_watch(CHANNEL, other.number)
    text = await only_message(stage)
    assert "I couldn't read Bolt's runs after" in text
    assert text.endswith(f"(Bolt refused my API key). {UNWATCHED}")
    sees(stage)
    await back(stage)
    assert await only_message(stage) == text
    assert "No runs ended in the meantime." in await only_message(stage, "C2")


async def test_a_watches_file_ends_the_message_and_begins_one_too(stage: IncidentStage) -> None:
    """The file moves the channel's watch to another channel, which gets the message instead."""
    watch = await stage.watch()
    await blind(stage)
    rev, _ = await stage.watches.read_watches()
    assert await stage.watches.apply_plan(rev, FilePlan(add=(replace(watch, channel="C2"),), stop=(watch,)))
    assert (await only_message(stage)).endswith(UNWATCHED)
    assert BLIND in await only_message(stage, "C2")


async def test_a_watch_that_is_stopped_while_the_gap_is_explored_ends_the_message_too(stage: IncidentStage) -> None:
    """Bolt is back, but not all of the runs that the gap hid have been found."""
    watch = await stage.watch()
    await stage.watch("hourly", "C2")
    await blind(stage)
    sees(stage)
    await stage.work("discovery")
    gap = await stage.gaps.load_gap("now")
    assert gap is not None
    assert gap.state is GapState.COLLECTING
    await stage.watches.remove_watch(CHANNEL, watch.number)
    assert (await only_message(stage)).endswith(UNWATCHED)


async def test_a_watch_that_goes_on_while_bolt_cannot_be_seen_gets_the_message_back(stage: IncidentStage) -> None:
    """The watches were paused and resumed within one gap, so the channel's message gets the gap's account after all."""
    watch = await stage.watch()
    await blind(stage)
    pause = PauseChange(Pause.REMOVED, stage.at, Event.WATCH_PAUSED, "")
    await stage.watches.pause_watches(CHANNEL, [watch.number], pause)
    assert (await only_message(stage)).endswith(UNWATCHED)
    await stage.watches.pause_watches(CHANNEL, [watch.number], replace(pause, pause=None, event=Event.WATCH_RESUMED))
    assert BLIND in await only_message(stage)
    sees(stage)
    await back(stage)
    assert "I couldn't read Bolt's runs from" in await only_message(stage)


async def test_a_paused_watch_with_new_options_gets_the_message_back(stage: IncidentStage) -> None:
    """A change of its options resumes a watch, as a resumption does."""
    watch = await stage.watch()
    await blind(stage)
    pause = PauseChange(Pause.REMOVED, stage.at, Event.WATCH_PAUSED, "")
    await stage.watches.pause_watches(CHANNEL, [watch.number], pause)
    assert (await only_message(stage)).endswith(UNWATCHED)
    assert await stage.watches.change_watch(watch)
    assert BLIND in await only_message(stage)


async def test_watches_that_pause_twice_in_a_gap_still_list_what_was_withheld(stage: IncidentStage) -> None:
    """The message says already that nothing is watched, so only the list of withheld incidents is left to do."""
    watch = await stage.watch()
    await stage.watch("hourly", "C2")
    await blind(stage)
    pause = PauseChange(Pause.REMOVED, stage.at, Event.WATCH_PAUSED, "")
    await stage.watches.pause_watches(CHANNEL, [watch.number], pause)
    assert (await only_message(stage)).endswith(UNWATCHED)
    sees(stage)
    stage.run_through("FAILED")
    await stage.work("discovery")
    resume = replace(pause, pause=None, event=Event.WATCH_RESUMED)
    await stage.watches.pause_watches(CHANNEL, [watch.number], resume)
    for name in ("looks", "ends", "accounts"):
        await stage.poll()
        await stage.work(name)
    assert (await stage.incident()).withheld is not None
    await stage.work_once("gaps")
    gap = await stage.gaps.load_gap("now")
    assert gap is not None
    assert gap.state is GapState.COMPLETE
    await stage.watches.pause_watches(CHANNEL, [watch.number], pause)
    await stage.work("gaps")
    assert await stage.work("quiet") == 1
    assert (await stage.incident()).withheld is None


async def test_a_watch_that_is_added_while_bolt_cannot_be_seen_is_told(stage: IncidentStage) -> None:
    """If a channel already has the message, a new watch doesn't edit it."""
    await stage.watch()
    await blind(stage)
    edits = len(stage.chat.edits)
    await stage.watch("hourly")
    await stage.watch("hourly", "C2")
    assert BLIND in await only_message(stage)
    assert BLIND in await only_message(stage, "C2")
    assert len(stage.chat.edits) == edits


async def test_an_unwatched_channels_message_that_was_deleted_is_not_posted_again(stage: IncidentStage) -> None:
    """The person who stopped the watches may have deleted it."""
    watch = await stage.watch()
    await blind(stage)
    (message,) = messages(stage)
    await stage.chat.delete_message(CHANNEL, message.ts)
    stage.chat.faults.fail("edit_message", MessageGone("chat.update", "message_not_found"))
    await stage.watches.remove_watch(CHANNEL, watch.number)
    await stage.work("gaps")
    await stage.settle()
    assert messages(stage) == []


async def test_a_message_that_was_not_posted_yet_is_dropped_with_the_last_watch(stage: IncidentStage) -> None:
    """Nobody is waiting for it."""
    watch = await stage.watch()
    await stage.watch("hourly", "C2")
    await blind_but_not_posted(stage)
    await stage.watches.remove_watch(CHANNEL, watch.number)
    await stage.work("gaps")
    await stage.settle()
    assert messages(stage) == []
    await stage.watch()
    assert BLIND in await only_message(stage)


async def test_without_any_watch_a_gap_is_over(stage: IncidentStage) -> None:
    """Schedules aren't listed then, so if a watch is made later and Bolt can't be seen again, that's another gap."""
    watch = await stage.watch()
    await blind(stage)
    await stage.watches.remove_watch(CHANNEL, watch.number)
    assert (await only_message(stage)).endswith(UNWATCHED)
    sees(stage)
    await stage.watch()
    await stage.discover()
    await blind(stage)
    first, second = stage.chat.in_channel(CHANNEL)
    assert first.endswith(UNWATCHED)
    assert BLIND in second


async def test_a_bot_that_was_away_tries_before_it_says_that_it_cannot_see(stage: IncidentStage) -> None:
    """Bolt may be back within seconds."""
    await stage.watch()
    stage.pass_minutes(DAY)
    stage.bolt.faults.always["activity"] = stage.bolt.faults.always["schedules"] = BoltDenied()
    await stage.work("discovery")
    await stage.work("gaps")
    await stage.settle()
    assert stage.cards() == []


async def test_an_incident_that_was_open_before_is_listed_too(stage: IncidentStage) -> None:
    """An open incident that fails again or recovers in the gap is counted in the account, without a new message."""
    await stage.watch("*")
    stage.run_through("FAILED")
    stage.run_through("FAILED", "hourly")
    await stage.discover()
    stage.pass_minutes(DAY)
    stage.run_through("FAILED")
    stage.run_through("SUCCESS", "hourly")
    await back(stage)
    account = stage.chat.in_channel(CHANNEL)[2]
    assert "1 schedule is failing now, and 1 schedule failed and recovered." in account
    assert len(stage.cards()) == 3


async def test_quiet_hours_come_first(stage: IncidentStage) -> None:
    """The account waits until quiet hours end."""
    begin, end = stage.at + timedelta(hours=24), stage.at + timedelta(hours=25)
    await stage.watch(quiet=Quiet(f"{begin:%H:%M}", f"{end:%H:%M}"))
    stage.pass_minutes(DAY)
    stage.run_through("FAILED")
    await back(stage)
    assert stage.cards() == []
    stage.pass_minutes(61)
    await stage.work("gaps", whatever=True)
    await stage.work("quiet", whatever=True)
    await stage.settle()
    assert len(stage.cards()) == 1
    assert "I was away from" in stage.chat.in_channel(CHANNEL)[0]


async def test_a_message_that_quiet_hours_overtake_waits_for_their_end(stage: IncidentStage) -> None:
    """The message was stored before quiet hours began, but hadn't been posted."""
    begin, end = stage.at + timedelta(hours=24, minutes=10), stage.at + timedelta(hours=25)
    await stage.watch(quiet=Quiet(f"{begin:%H:%M}", f"{end:%H:%M}"))
    stage.pass_minutes(DAY)
    stage.run_through("FAILED")
    for _ in range(3):
        for name in ("discovery", "looks"):
            await stage.work(name)
        await stage.poll()
        for name in ("ends", "accounts", "gaps"):
            await stage.work(name, whatever=name == "gaps")
    stage.pass_minutes(15)
    await stage.settle()
    assert stage.cards() == []
    stage.pass_minutes(50)
    await posts_come_due(stage)
    await stage.settle()
    assert "I was away from" in stage.chat.in_channel(CHANNEL)[0]


async def test_a_channel_that_refuses_is_told_later(stage: IncidentStage) -> None:
    """The message about the gap stays queued."""
    await stage.watch()
    stage.pass_minutes(DAY)
    stage.run_through("FAILED")
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "is_archived")
    await back(stage)
    assert stage.cards() == []
    stage.chat.refusing.clear()
    await stage.redis.delete(stage.scripts.key("aside", CHANNEL))
    await posts_come_due(stage)
    await stage.settle()
    assert "1 schedule is failing now" in stage.chat.in_channel(CHANNEL)[0]


async def test_a_message_that_was_deleted_is_posted_anew(stage: IncidentStage) -> None:
    """The new message gives the account of the gap."""
    await stage.watch()
    await blind(stage)
    (message,) = messages(stage)
    await stage.chat.delete_message(CHANNEL, message.ts)
    stage.chat.faults.fail("edit_message", MessageGone("chat.update", "message_not_found"))
    sees(stage)
    stage.run_through("FAILED")
    await back(stage)
    (again,) = messages(stage)
    assert again.ts != message.ts
    assert "I couldn't read Bolt's runs" in stage.chat.in_channel(CHANNEL)[0]


async def test_without_a_watch_nothing_is_missed(stage: IncidentStage) -> None:
    """A channel that stops watching and starts again a day later gets no account."""
    watch = await stage.watch()
    await stage.watches.remove_watch(CHANNEL, watch.number)
    stage.pass_minutes(DAY)
    await stage.watch()
    await back(stage)
    assert stage.cards() == []


async def recovered_in_gap(stage: IncidentStage) -> None:
    """A failed schedule recovers during a gap: its message is edited, and the line in its thread is withheld."""
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    stage.pass_minutes(DAY)
    stage.run_through("SUCCESS")
    await stage.discover()
    assert (await stage.incident()).withheld is not None


async def test_nothing_is_kept_for_a_channel_that_no_longer_watches(stage: IncidentStage) -> None:
    """If the watch is made again while an account could still come, earlier ends aren't reported."""
    await recovered_in_gap(stage)
    (watch,) = await stage.watches.all_watches()
    await stage.watches.remove_watch(CHANNEL, watch.number)
    await stage.work("quiet")
    assert (await stage.incident()).withheld is None
    assert await stage.redis.zcard(stage.scripts.key("due", "quiet")) == 0
    await stage.work("gaps", whatever=True)
    await stage.watch()
    stage.pass_minutes(30)
    await stage.work("quiet", whatever=True)
    await stage.settle()
    assert len(messages(stage)) == 1


async def test_nothing_is_kept_if_the_watch_was_stopped_while_an_end_was_accounted(stage: IncidentStage) -> None:
    """The watches were loaded before the stop, so a post is withheld for an account that will never be posted."""
    await recovered_in_gap(stage)
    stored = await stage.stored()
    (watch,) = await stage.watches.all_watches()
    await stage.watches.remove_watch(CHANNEL, watch.number)
    await stage.work("quiet")
    cleared = await stage.stored()
    assert await stage.incidents.store_incident(cleared, stored.incident, "none")
    assert (await stage.incident()).withheld is not None
    await stage.work("quiet")
    assert (await stage.incident()).withheld is None


async def test_what_is_withheld_waits_while_another_watch_of_the_channel_is_left(stage: IncidentStage) -> None:
    """The channel still gets an account of the gap, which lists the withheld recovery."""
    await recovered_in_gap(stage)
    (watch,) = await stage.watches.all_watches()
    await stage.watch("hourly")
    await stage.watches.remove_watch(CHANNEL, watch.number)
    assert await stage.work("quiet") == 0
    await back(stage)
    assert (await stage.incident()).withheld is None
    assert "I was away from" in stage.chat.in_channel(CHANNEL)[-1]


async def test_what_is_withheld_after_the_account_was_queued_is_listed_at_once(stage: IncidentStage) -> None:
    """The gap was loaded before it was complete, so a report is withheld for an account that was already made."""
    await recovered_in_gap(stage)
    withheld = (await stage.incident()).withheld
    await back(stage)
    stored = await stage.stored()
    assert await stage.incidents.store_incident(stored, replace(stored.incident, withheld=withheld), "none")
    assert await stage.work("quiet") == 1
    assert (await stage.incident()).withheld is None
    await stage.settle()
    assert "1 schedule failed and recovered" in stage.chat.in_channel(CHANNEL)[-1]


async def test_what_an_account_had_not_loaded_is_listed_at_once(stage: IncidentStage) -> None:
    """The incident was withheld between the loading of the account's incidents and the queuing of its message."""
    await recovered_in_gap(stage)
    await stage.work_once("gaps")
    claimed, gap = await stage.due["gaps"].claim(1), await stage.gaps.load_gap("now")
    assert claimed.lease is not None
    assert gap is not None
    assert await stage.gaps.queue_message(claimed.lease, GapNotice(CHANNEL, "T", gap), ())
    assert await stage.work("quiet") == 1
    assert (await stage.incident()).withheld is None


async def test_where_the_watches_are_paused_no_account_is_waited_for(stage: IncidentStage) -> None:
    """Withheld posts are listed as soon as the other channels have their accounts of the gap."""
    await recovered_in_gap(stage)
    (watch,) = await stage.watches.all_watches()
    change = PauseChange(Pause.REMOVED, stage.at, Event.WATCH_PAUSED, "")
    assert await stage.watches.pause_watches(CHANNEL, [watch.number], change)
    assert await stage.work("quiet") == 0
    await stage.work("gaps", whatever=True)
    assert await stage.work("quiet") == 1
    assert (await stage.incident()).withheld is None


async def test_watches_that_pause_before_their_account_list_what_is_withheld_when_they_go_on(
    stage: IncidentStage,
) -> None:
    """The gap is complete, and its account isn't queued yet. The list is due at once, and posted when the bot is back."""
    await recovered_in_gap(stage)
    await stage.work_once("gaps")
    gap = await stage.gaps.load_gap("now")
    assert gap is not None
    assert gap.state is GapState.COMPLETE
    stage.channels.states[CHANNEL] = ChannelState(is_member=False)
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "not_in_channel")
    await stage.check_channels()
    await stage.work("gaps")
    assert await stage.work("quiet") == 1
    assert (await stage.incident()).withheld is None
    await stage.settle()
    assert len(messages(stage)) == 1
    stage.channels.states.clear()
    stage.chat.refusing.clear()
    await stage.check_channels()
    assert [text for text in stage.chat.in_channel(CHANNEL) if "1 schedule failed and recovered" in text]


async def ranges_read(stage: IncidentStage, act: Awaitable[object]) -> int:
    """How many sorted sets Redis reads meanwhile, including those read by scripts."""

    async def calls() -> int:
        stats = await stage.redis.info("commandstats")
        return int(stats.get("cmdstat_zrange", {}).get("calls", 0))

    before = await calls()
    await act
    return await calls() - before


async def test_the_gaps_are_read_once_for_all_that_a_channel_withholds(stage: IncidentStage) -> None:
    """The gaps are read once for all channels that withhold something, because each read covers all of them."""
    slugs = [f"s{number}" for number in range(20)]
    stage.bolt.active = [replace(HOURLY, slug=slug, uuid=slug) for slug in slugs]
    channels = [CHANNEL, *(f"C1{number}" for number in range(20))]
    for channel in channels:
        await stage.add_watch("*", channel)
    await stage.discover()
    stage.pass_minutes(DAY)
    for slug in slugs:
        stage.run_through("FAILED", slug)
    await stage.work("discovery")
    await stage.work("looks")
    await stage.poll()
    await stage.work("ends")
    assert await ranges_read(stage, stage.work("accounts")) < 5 * len(slugs)
    assert len(await stage.quiet_ends.withheld_in(CHANNEL)) == len(slugs)
    assert await ranges_read(stage, stage.work_once("quiet")) < 10
    assert await ranges_read(stage, stage.work_once("gaps")) < 10
    gap = await stage.gaps.load_gap("now")
    assert gap is not None
    assert gap.state is GapState.COMPLETE


async def test_a_schedule_that_is_no_longer_watched_is_not_waited_for(stage: IncidentStage) -> None:
    """The unwatched schedule's runs aren't looked at, so the account would wait for them until it gives up."""
    await stage.watch("nightly")
    hourly = await stage.watch("hourly", "C2")
    stage.pass_minutes(DAY)
    await stage.work("discovery")
    gap = await stage.gaps.collecting()
    assert gap is not None
    assert (await stage.gaps.left(gap.number))[0] == 2
    await stage.watches.remove_watch("C2", hourly.number)
    await stage.work("discovery")
    assert (await stage.gaps.left(gap.number))[0] == 1
    await back(stage)
    assert await stage.gaps.collecting() is None
    assert len(messages(stage)) == 1


async def test_what_cannot_be_found_is_not_waited_for_forever(stage: IncidentStage) -> None:
    """After ten minutes, the account of the gap is posted with the runs known by then."""
    await stage.watch()
    stage.pass_minutes(DAY)
    stage.bolt.faults.always["newest_runs"] = BoltDenied()
    await back(stage)
    assert stage.cards() == []
    for name in ("now", "1"):
        await stage.redis.hset(stage.scripts.key("gap", name), "began", "1")
    await stage.work("gaps", whatever=True)
    await stage.work("gaps")
    await stage.settle()
    assert "No runs ended in the meantime." in stage.chat.in_channel(CHANNEL)[0]


async def test_a_second_gap_takes_over_what_the_first_looks_for(stage: IncidentStage) -> None:
    """In the end both have their accounts, and neither waits for the other's looks."""
    await stage.watch()
    for _ in range(2):
        stage.run_through("FAILED")
        stage.pass_minutes(12)
        await stage.work("discovery")
    await back(stage)
    assert await stage.redis.zcard(stage.scripts.key("due", "gaps")) == 0
    first, second = messages(stage)
    assert "I was away from" in said(without_blocks(first.message, 9000).text)
    assert "I was away from" in said(without_blocks(second.message, 9000).text)
    assert "2 runs" in "".join(said(without_blocks(one.message, 9000).text) for one in (first, second))


async def test_a_gap_that_is_complete_leaves_a_newer_one_as_it_is(stage: IncidentStage) -> None:
    """The newer gap is still collecting, so the runs that it hid go into its own account."""
    await stage.watch()
    for _ in range(2):
        stage.pass_minutes(12)
        await stage.work("discovery")
    await stage.work_once("gaps")
    first, newest = await stage.gaps.load_gap("1"), await stage.gaps.collecting()
    assert first is not None
    assert first.state is GapState.COMPLETE
    assert newest is not None
    assert newest.number == 2


async def test_an_account_that_waits_for_the_end_of_quiet_hours_is_not_overtaken(stage: IncidentStage) -> None:
    """If quiet hours begin before the account is ready, the posts withheld for it aren't listed during the night."""
    begin, end = stage.at + timedelta(hours=24, minutes=10), stage.at + timedelta(hours=33)
    await stage.watch(quiet=Quiet(f"{begin:%H:%M}", f"{end:%H:%M}"))
    stage.pass_minutes(DAY)
    stage.run_through("FAILED")
    await stage.discover()
    stage.pass_minutes(12)
    await stage.work("gaps", whatever=True)
    stage.pass_minutes(10)
    await stage.work("quiet", whatever=True)
    await stage.settle()
    assert messages(stage) == []
    stage.pass_minutes(9 * 60)
    await stage.work("gaps", whatever=True)
    await stage.settle()
    (account,) = stage.chat.in_channel(CHANNEL)
    assert "I was away from" in account
    assert await stage.redis.zcard(stage.scripts.key("due", "quiet")) == 0


async def test_a_failure_after_the_gap_is_told_as_usual(stage: IncidentStage) -> None:
    """The failure is reported even while the bot is still looking for the runs that the gap hid."""
    stage.bolt.active = [NIGHTLY, HOURLY]
    await stage.watch("*")
    stage.pass_minutes(DAY)
    await stage.discover()
    stage.run_through("FAILED")
    await stage.discover()
    assert "failed" in stage.chat.in_channel(CHANNEL)[0]
