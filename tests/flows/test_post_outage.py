"""Many schedules that fail at the same time share one message."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from time import monotonic, time

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import SlackRefused
from bot.core.model.incident import Incident, IncidentState, OnIt
from bot.core.model.outage import APART_MOST, CAUSES_POSTED, MENTIONS_MOST
from bot.core.watching.owners import Owners
from tests.core.views.plain import shown
from tests.flows.fakes import NIGHTLY, FakeMemberships
from tests.flows.incident_stage import COLUMN_LOG, DISK_LOG, IncidentStage
from tests.flows.stage import CHANNEL

MANY = 14


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """A channel watches many schedules."""
    stage = IncidentStage(one_redis)
    stage.bolt.active = [
        replace(NIGHTLY, id=number, slug=f"mart-{number:02}", name=f"Mart {number}") for number in range(MANY)
    ]
    await stage.watch("*")
    return stage


async def fail(stage: IncidentStage, *numbers: int, log: str = DISK_LOG) -> None:
    """Make these schedules fail, and find the failures with one look."""
    for number in numbers:
        stage.run_through("FAILED", f"mart-{number:02}", log)
    await stage.discover()
    for _ in range(3):
        await stage.settle()


async def recover(stage: IncidentStage, *numbers: int) -> None:
    """Make these schedules work again."""
    for number in numbers:
        stage.run_through("SUCCESS", f"mart-{number:02}")
    await stage.discover()
    for _ in range(3):
        await stage.settle()


async def free_edits(stage: IncidentStage) -> None:
    """Let edits of outages be sent as if ten seconds had passed."""
    for key in await stage.redis.keys(stage.scripts.key("edits", "incident*")):
        for member in await stage.redis.zrange(key, 0, -1):
            await stage.redis.zadd(key, {str(member): 1})
    for key in await stage.redis.keys(stage.scripts.key("card", "*")):
        await stage.redis.hset(key, "counted_us", "0")
    await stage.settle()


async def test_the_sixth_and_later_share_one_message(stage: IncidentStage) -> None:
    """The message names the schedules, and says why they fail."""
    await fail(stage, *range(MANY))
    cards = stage.cards()
    assert len(cards) == APART_MOST + 1
    (message,) = [one.message for one in stage.chat.posted.values() if f"{MANY - APART_MOST} schedules" in one.text]
    lines = shown(message)
    assert "for the same reason" in lines[0]
    assert any("Mart 13" in line for line in lines)


async def test_each_frequent_cause_gets_one_post_and_the_file_of_one_log(stage: IncidentStage) -> None:
    """Schedules that join later with the same cause add no posts and no files."""
    await fail(stage, *range(9))
    await fail(stage, 9, 10, 11, log=COLUMN_LOG)
    outage = await stage.outages.load_outage("C1", 1)
    assert outage is not None
    for _ in range(3):
        await stage.work("outages", whatever=True)
        await stage.settle()
    posts = stage.chat.in_channel("C1", outage.ts)
    assert len(posts) == 2
    assert len(posts) <= CAUSES_POSTED
    files = [stage.chat.uploads[file_id][1] for _, thread, file_id in stage.chat.shared if thread == outage.ts]
    assert [b"No space left" in content for content in files] == [True, False]


async def test_ten_people_are_notified_in_all(one_redis: Redis) -> None:
    """The limit of ten includes people notified by the first five incidents' posts, however many owners there are."""
    slugs = [f"mart-{number:02}" for number in range(30)]
    owners = Owners(tuple((slug, f"U0{number:03}") for number, slug in enumerate(slugs)), {})
    stage = IncidentStage(one_redis, memberships=FakeMemberships({CHANNEL: "data"}), owners_file=owners)
    stage.bolt.active = [replace(NIGHTLY, id=number, slug=slug) for number, slug in enumerate(slugs)]
    await stage.watch("*", mention="owner")
    await fail(stage, *range(20))
    await fail(stage, *range(20, 30), log=COLUMN_LOG)
    for _ in range(3):
        await stage.work("outages", whatever=True)
        await stage.settle()
    notified = [found for one in stage.chat.posted.values() for found in re.findall(r"@U0\d{3}", one.text)]
    assert len(notified) == MENTIONS_MOST


async def test_while_schedules_join_there_is_one_edit_in_ten_seconds(stage: IncidentStage) -> None:
    """One edit shows all the schedules that joined."""
    await fail(stage, *range(7))
    before, began = len(stage.chat.edits), monotonic()
    for number in range(7, MANY):
        await fail(stage, number)
    # On a busy machine, this may take longer than ten seconds.
    assert len(stage.chat.edits) - before <= (monotonic() - began) // 10
    await free_edits(stage)
    assert any(f"{MANY - APART_MOST} schedules" in card for card in stage.cards())


async def test_a_recovery_leaves_the_list_and_the_last_one_ends_it(stage: IncidentStage) -> None:
    """All of them together get one line in the thread."""
    await fail(stage, *range(8))
    await recover(stage, 5)
    await free_edits(stage)
    assert any("2 schedules" in card and "1 of 3 recovered" in card for card in stage.cards())
    await recover(stage, 6, 7)
    await free_edits(stage)
    assert any("All 3 schedules recovered" in card for card in stage.cards())
    outage = await stage.outages.load_outage("C1", 1)
    assert outage is not None
    assert len([one for one in stage.chat.in_channel("C1", outage.ts) if "All 3 schedules recovered" in one]) == 1


async def test_a_schedule_that_fails_again_soon_is_back_in_the_message(stage: IncidentStage) -> None:
    """A schedule that fails again soon gets no message of its own."""
    await fail(stage, *range(7))
    await recover(stage, 6)
    cards = len(stage.cards())
    await fail(stage, 6)
    await free_edits(stage)
    assert len(stage.cards()) == cards
    assert any("2 schedules" in card for card in stage.cards())


async def test_a_message_that_is_found_after_a_change_is_edited(stage: IncidentStage) -> None:
    """A message whose reply was lost shows the outage as it was then, so the message is edited once it's found."""
    for number in range(7):
        stage.run_through("FAILED", f"mart-{number:02}", DISK_LOG)
    await stage.discovery_only()
    await stage.work("accounts")
    stage.chat.faults.lose("post_message", 20)
    while not any("2 schedules" in card for card in stage.cards()):
        assert await stage.post()
    await recover(stage, 5)
    await free_edits(stage)
    assert any("1 schedule* failing" in card or "1 schedule failing" in card for card in stage.cards())


async def test_a_lost_reply_does_not_post_it_twice(stage: IncidentStage) -> None:
    """A message whose reply was lost is found by its key."""
    stage.chat.faults.lose("post_message", 20)
    await fail(stage, *range(8))
    for _ in range(6):
        await stage.settle()
    assert len(stage.cards()) == APART_MOST + 1


async def test_a_message_that_was_deleted_is_posted_again_while_a_schedule_fails(stage: IncidentStage) -> None:
    """Schedules that fail later are shown only there."""
    await fail(stage, *range(12))
    before = await outage_ts(stage)
    stage.chat.posted.pop((CHANNEL, before))
    stage.chat.faults.fail("edit_message", SlackRefused("chat.update", "message_not_found"))
    await fail(stage, 12)
    await free_edits(stage)
    await stage.settle()
    assert await outage_ts(stage) != before
    assert "8 schedules failing" in stage.cards()[-1]


async def test_it_began_when_its_schedules_failed_not_before_they_were_watched(one_redis: Redis) -> None:
    """A schedule that had been failing for a day doesn't move the outage's beginning."""
    stage = IncidentStage(one_redis)
    stage.bolt.active = [replace(NIGHTLY, id=number, slug=f"mart-{number:02}") for number in range(8)]
    for number in range(8):
        stage.run_through("FAILED" if number % 2 else "SUCCESS", f"mart-{number:02}")
    stage.pass_minutes(24 * 60)
    await stage.watch("*")
    began = stage.at
    await fail(stage, *range(8))
    outage = await stage.outages.load_outage(CHANNEL, 1)
    assert outage is not None
    assert {one.seen_before for one in outage.members} == {True, False}
    assert outage.since is not None
    assert outage.since > began


async def test_schedules_that_fail_again_after_all_recovered_are_a_line_in_the_thread(stage: IncidentStage) -> None:
    """An edit alone would notify nobody after the thread has said that all is well."""
    await fail(stage, *range(8))
    await recover(stage, 5, 6, 7)
    await fail(stage, 6)
    await free_edits(stage)
    thread = stage.chat.in_channel(CHANNEL, await outage_ts(stage))
    assert thread[-1] == "Failing again: 1 schedule"
    assert "recovered" in thread[-2]


async def make_uneditable(stage: IncidentStage, code: str = "edit_window_closed") -> str:
    """Eight schedules fail, three of them in an outage whose message Slack won't let the bot edit; return its ts."""
    await fail(stage, *range(8))
    stage.chat.faults.fail("edit_message", SlackRefused("chat.update", code))
    await recover(stage, 5)
    await free_edits(stage)
    await free_lines(stage)
    return await outage_ts(stage)


async def free_lines(stage: IncidentStage) -> None:
    """Let time pass until the lines about outages are due."""
    due = stage.scripts.key("posts", "line", CHANNEL)
    for member in await stage.redis.zrange(due, 0, -1):
        await stage.redis.zadd(due, {str(member): 1})
    await stage.redis.zadd(stage.scripts.key("posts", "line"), {CHANNEL: 1})
    await stage.settle()


async def change(stage: IncidentStage, number: int, **state: object) -> Incident:
    """Somebody changes the state of one schedule's incident."""
    before = await stage.stored(slug=f"mart-{number:02}")
    after = replace(before.incident, **state)  # type: ignore[arg-type]
    assert await stage.incidents.store_incident(before, after, "now")
    return after


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message"])
async def test_if_the_message_cannot_be_edited_its_thread_tells_of_changes(stage: IncidentStage, code: str) -> None:
    """The first line sums up what has happened; later ones report what people do, what joins and what recovers."""
    ts = await make_uneditable(stage, code)
    (first,) = stage.chat.in_channel(CHANNEL, ts)
    assert "2 schedules" in first
    assert "1 of 3 recovered" in first
    assert first.endswith("I'll post changes here.")
    cards, edits = len(stage.cards()), len(stage.chat.edits)
    for number in (6, 7):
        await change(stage, number, on_it=OnIt("U0ADA", stage.at + timedelta(hours=12), "ada"))
    await free_lines(stage)
    await fail(stage, 8, 9)
    await free_lines(stage)
    _, handled, joined = stage.chat.in_channel(CHANNEL, ts)
    assert "ada is on it" in handled
    assert "I'll post changes here" not in handled
    assert "4 schedules" in joined
    assert (len(stage.cards()), len(stage.chat.edits)) == (cards, edits)
    await recover(stage, 6, 7, 8, 9)
    await free_lines(stage)
    assert "All 5 schedules recovered" in stage.chat.in_channel(CHANNEL, ts)[-1]


async def test_changes_that_come_by_themselves_share_a_line_a_minute(stage: IncidentStage) -> None:
    """Several schedules that join within a minute get one line."""
    ts = await make_uneditable(stage)
    before_us = time() * 1_000_000
    for number in (8, 9, 10):
        stage.run_through("FAILED", f"mart-{number:02}", DISK_LOG)
        await stage.discovery_only()
    lane = stage.scripts.key("posts", "line", CHANNEL)
    assert await stage.redis.zrange(lane, 0, -1) == ["outage/state-2/C1/1"]
    due_us = await stage.redis.zscore(lane, "outage/state-2/C1/1")
    assert due_us is not None
    assert float(due_us) > before_us + 30_000_000
    await free_lines(stage)
    await free_lines(stage)
    assert ["5 schedules" in line for line in stage.chat.in_channel(CHANNEL, ts)] == [False, True]


async def test_a_post_in_the_channel_brings_no_second_line_about_the_same(stage: IncidentStage) -> None:
    """Nothing new is said about the outage just because the channel accepts posts again."""
    ts = await make_uneditable(stage)
    await stage.posts.mark_reachable(CHANNEL)
    await free_lines(stage)
    assert len(stage.chat.in_channel(CHANNEL, ts)) == 1


async def test_a_change_while_a_line_is_sent_has_the_next_one(stage: IncidentStage) -> None:
    """The line that was being sent shows the outage as it was before."""
    ts = await make_uneditable(stage)
    await change(stage, 6, on_it=OnIt("U0ADA", stage.at + timedelta(hours=12), "ada"))
    stage.chat.faults.lose("post_message")
    await free_lines(stage)
    await change(stage, 7, on_it=OnIt("U0BEA", stage.at + timedelta(hours=12), "bea"))
    for _ in range(4):
        await free_lines(stage)
    lines = stage.chat.in_channel(CHANNEL, ts)
    assert "ada is on 1 of them" in lines[1]
    assert "ada and 1 other are on it" in lines[-1]


async def test_a_failure_a_day_later_has_a_new_message_that_links_the_old_one(stage: IncidentStage) -> None:
    """All schedules share the new message, which has its own thread and can be edited again."""
    first = await make_uneditable(stage)
    cards, lines = len(stage.cards()), len(stage.chat.in_channel(CHANNEL, first))
    stage.pass_minutes(25 * 60)
    await fail(stage, 6)
    second = await outage_ts(stage)
    assert second not in {"", first}
    assert len(stage.cards()) == cards + 1
    message = stage.chat.posted[CHANNEL, second]
    assert "2 schedules" in message.text
    assert "earlier message" in message.text
    for _ in range(3):
        await stage.work("outages", whatever=True)
        await stage.settle()
    assert [line.startswith("2 schedules:") for line in stage.chat.in_channel(CHANNEL, second)] == [True]
    await fail(stage, 7)
    assert len(stage.cards()) == cards + 1
    await recover(stage, 6)
    await free_edits(stage)
    assert "1 schedule" in stage.chat.posted[CHANNEL, second].text
    assert len(stage.chat.in_channel(CHANNEL, first)) == lines


async def test_what_is_watched_no_longer_is_a_last_line_in_the_thread(stage: IncidentStage) -> None:
    """The message itself can't be edited to say so."""
    ts = await make_uneditable(stage)
    for number in (6, 7):
        await change(stage, number, state=IncidentState.CLOSED, why="no longer watched here")
    before = await stage.stored(slug="mart-05")
    closed = replace(before.incident, state=IncidentState.CLOSED, why="no longer watched here", recovered_by=None)
    assert await stage.incidents.store_incident(before, closed, "now")
    await free_lines(stage)
    assert stage.chat.in_channel(CHANNEL, ts)[-1] == "3 schedules no longer watched here."


async def outage_ts(stage: IncidentStage) -> str:
    """The ts of the message about the channel's first outage."""
    outage = await stage.outages.load_outage(CHANNEL, 1)
    assert outage is not None
    return outage.ts


async def test_what_an_earlier_incident_had_queued_is_dropped(stage: IncidentStage) -> None:
    """The schedule's next incident is part of an outage, so those posts would wait for a thread forever."""
    await fail(stage, *range(7))
    for what in ("0", "1", "file-1"):
        await stage.redis.zadd(stage.scripts.key("posts", "line", CHANNEL), {f"incident/{what}/{CHANNEL}/mart-06": 1})
    await stage.redis.zadd(stage.scripts.key("posts", "line"), {CHANNEL: 1})
    before = len(stage.chat.posted)
    for _ in range(3):
        assert await stage.post()
    assert await stage.redis.zcard(stage.scripts.key("posts", "line", CHANNEL)) == 0
    assert len(stage.chat.posted) == before
