"""An incident's message and each post in its thread are posted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.core.model.channel import ChannelState
from bot.core.model.errors import (
    ChannelRefused,
    ContentRefused,
    MessageGone,
    SlackNotSent,
    SlackRefused,
    SlackThrottled,
)
from bot.core.model.incident import OnIt, PostKind, Snooze, ThreadPost
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.rules import Policy
from bot.flows.close_unwatched_incidents import IncidentCloser
from bot.slack.errors import error_from_code
from tests.core.views.plain import shown
from tests.flows.incident_stage import DISK_LOG, LOG_AWAITED_S, LOG_RULES, IncidentStage
from tests.flows.stage import ADA, CHANNEL
from tests.flows.test_watch_permissions import NO_LOGS


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches; a watched schedule has failed."""
    stage = IncidentStage(one_redis)
    await stage.watch()
    stage.run_through("FAILED")
    return stage


@pytest.mark.parametrize("lost", [1, 2])
async def test_lost_replies_post_nothing_twice(stage: IncidentStage, lost: int) -> None:
    """Each post is found by its key."""
    stage.chat.faults.lose("post_message", lost)
    await stage.discover()
    for _ in range(3):
        await stage.settle()
    assert len(stage.cards()) == 1
    assert len(await stage.thread()) == 1


async def test_a_channel_that_refuses_hears_of_it_later(stage: IncidentStage) -> None:
    """The message is posted once the channel accepts posts."""
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "is_archived")
    await stage.discover()
    assert stage.cards() == []
    stage.chat.refusing.clear()
    await stage.posts.mark_reachable(CHANNEL)
    await stage.settle()
    assert len(stage.cards()) == 1


@pytest.mark.parametrize(
    "code", ["restricted_action_thread_locked", "restricted_action_non_threadable_channel", "thread_not_found"]
)
async def test_a_thread_that_takes_no_replies_does_not_keep_its_channel_from_others(
    stage: IncidentStage, code: str
) -> None:
    """The bot gives up on that post; the message shows the failure."""
    await stage.discover()
    stage.chat.faults.fail("post_message", error_from_code("chat.postMessage", code, 0))
    stage.run_through("FAILED", log=DISK_LOG)
    await stage.discover()
    assert await stage.posts.unreachable_why(CHANNEL) is None
    assert await waiting_posts(stage) == []
    assert "2 runs" in stage.cards()[0]


async def test_throttled_posts_wait(stage: IncidentStage) -> None:
    """Throttled posts are sent once the wait is over."""
    stage.chat.faults.fail("post_message", SlackThrottled("chat.postMessage", 0))
    await stage.discover()
    await stage.settle()
    assert len(stage.cards()) == 1


async def test_a_recovery_before_the_message_is_in_it(stage: IncidentStage) -> None:
    """The message is rendered from the newest state when it's sent."""
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "is_archived")
    await stage.discover()
    stage.run_through("SUCCESS")
    await stage.discover()
    stage.chat.refusing.clear()
    await stage.posts.mark_reachable(CHANNEL)
    await stage.settle()
    (message,) = stage.cards()
    assert "recovered" in message


async def test_the_watch_says_whom_posts_notify(stage: IncidentStage, one_redis: Redis) -> None:
    """The opening mentions the people whom the watch names; a new error soon after and the message itself don't."""
    del one_redis
    (watch,) = await stage.watches.all_watches()
    assert await stage.watches.change_watch(replace(watch, mention="U0GRACE"))
    await stage.discover()
    stage.run_through("FAILED", log=DISK_LOG)
    await stage.discover()
    opening, error = await stage.thread()
    assert "@U0GRACE" in opening
    assert "@U0GRACE" not in error
    assert "@U0GRACE" not in stage.cards()[0]


async def test_a_recovery_does_not_overtake_the_new_error_before_it(stage: IncidentStage) -> None:
    """One look found both."""
    await stage.discover()
    stage.run_through("FAILED", log=DISK_LOG)
    stage.run_through("SUCCESS")
    await stage.discover()
    _, new, last = await stage.thread()
    assert new.startswith("New error in run 102:")
    assert "recovered after 2 failures" in last


async def test_posts_of_a_thread_come_in_the_order_of_their_numbers(stage: IncidentStage) -> None:
    """The order matters if the posts are due at the same time."""
    await stage.discover()
    stored, numbers = await stage.stored(), range(9, 13)
    posts = tuple(ThreadPost(number, PostKind.REOPENED, number) for number in numbers)
    assert await stage.incidents.store_incident(stored, replace(stored.incident, posts=posts), "none")
    await stage.post_what_is_due()
    assert (await stage.thread())[1:] == [f"Failing again: run {number} failed." for number in numbers]


async def test_a_message_that_was_deleted_is_posted_again_with_the_present_state(stage: IncidentStage) -> None:
    """A deleted message is posted again at the next change, and its thread goes on under the new message."""
    await stage.discover()
    before = (await stage.stored()).ts
    stage.chat.posted.pop((CHANNEL, before))
    stage.chat.faults.fail("edit_message", SlackRefused("chat.update", "message_not_found"))
    stage.run_through("FAILED", log=DISK_LOG)
    await stage.discover()
    after = await stage.stored()
    assert after.ts not in {"", before}
    (message,) = stage.cards()
    assert "2 runs" in message


async def test_a_retry_is_shown_while_it_runs_and_counted_when_it_fails(stage: IncidentStage) -> None:
    """A retry is shown and counted, whoever started it and wherever."""
    await stage.discover()
    first = stage.bolt.runs_of["nightly"][0].id
    retry = stage.begin(actor="grace", parent=first)
    await stage.discover()
    message = next(one.message for one in stage.chat.posted.values() if one.thread is None)
    assert any(f"Being retried as run {retry}" in line for line in shown(message))
    stage.end(retry, "FAILED")
    await stage.discover()
    incident = await stage.incident()
    assert (incident.failures, incident.retries, incident.retry and incident.retry.state) == (1, 1, "FAILED")
    assert len(await stage.thread()) == 1


async def test_posts_that_are_no_longer_wanted_leave_the_queue(stage: IncidentStage) -> None:
    """All of them are dropped, because a newer incident may need fewer posts than the previous one."""
    await stage.discover()
    queue = stage.scripts.key("posts", "line", CHANNEL)
    await stage.redis.zadd(queue, {f"incident/{number}/{CHANNEL}/nightly": 1 for number in (7, 8)})
    await stage.redis.zadd(stage.scripts.key("posts", "line"), {CHANNEL: 1})
    await stage.settle()
    assert await stage.redis.zcard(queue) == 0
    assert len(await stage.thread()) == 1


async def test_a_message_that_is_found_after_a_change_is_edited(stage: IncidentStage) -> None:
    """Slack's reply was lost, and the message still shows the incident as of when it was sent."""
    await stage.discovery_only()
    stage.chat.faults.lose("post_message")
    await stage.post()
    stage.run_through("SUCCESS")
    await stage.discover()
    (message,) = stage.cards()
    assert "recovered after 1 failure" in message


async def test_a_recovery_whose_message_was_deleted_is_posted_as_a_new_message(stage: IncidentStage) -> None:
    """The line in the thread doesn't wait for a message that never comes."""
    await stage.discover()
    stage.chat.posted.pop((CHANNEL, (await stage.stored()).ts))
    stage.chat.faults.fail("edit_message", SlackRefused("chat.update", "message_not_found"))
    stage.run_through("SUCCESS")
    await account_only(stage)
    while await stage.edit():
        pass
    await settle_posts(stage)
    (message,) = stage.cards()
    assert "recovered" in message
    assert await waiting_posts(stage) == []


async def test_all_posts_of_a_closed_incident_are_dropped(stage: IncidentStage) -> None:
    """However many are waiting, none is claimed over and over."""
    await stage.discover()
    for state in ("SUCCESS", "FAILED"):
        stage.run_through(state)
        await account_only(stage)
    assert len(await waiting_posts(stage)) == 2
    before = len(stage.chat.posted)
    await IncidentCloser(stage.incidents, stage.discovery).close("nightly", [CHANNEL])
    await settle_posts(stage)
    assert await waiting_posts(stage) == []
    assert len(stage.chat.posted) == before


async def fails_again_later(stage: IncidentStage) -> None:
    """The schedule recovers, and fails again so much later that a new incident opens."""
    stage.run_through("SUCCESS")
    await account_only(stage)
    stage.pass_minutes(200)
    stage.run_through("FAILED")
    await account_only(stage)
    assert (await stage.incident()).serial == 2


async def both_messages(stage: IncidentStage) -> None:
    """Check that each incident has its own message, which says how it ended."""
    await settle_posts(stage)
    first, second = sorted(stage.cards(), key=lambda text: "recovered" not in text)
    assert "recovered after 1 failure" in first
    assert "failed" in second
    stored = await stage.stored()
    assert stage.chat.posted[CHANNEL, stored.ts].text == second
    assert len(await stage.thread()) == 1
    assert await waiting_posts(stage) == []


async def test_a_message_that_arrives_after_the_next_incident_has_begun_is_that_of_its_own(
    stage: IncidentStage,
) -> None:
    """The old message was on its way, and isn't taken for the new incident's message."""
    await account_only(stage)
    stage.chat.meanwhile = lambda: fails_again_later(stage)
    await both_messages(stage)


async def test_a_message_whose_reply_is_lost_before_the_next_incident_begins_is_found(stage: IncidentStage) -> None:
    """The message is found, and shows how its own incident ended."""
    await account_only(stage)
    stage.chat.faults.lose("post_message")
    await stage.post()
    await fails_again_later(stage)
    await both_messages(stage)


async def test_a_message_that_waits_until_the_next_incident_begins_is_posted_all_the_same(stage: IncidentStage) -> None:
    """No failure goes unreported because another one followed."""
    await account_only(stage)
    await fails_again_later(stage)
    await both_messages(stage)


async def account_only(stage: IncidentStage) -> None:
    """Account for what has happened, without posting or editing anything yet."""
    for name in ("discovery", "looks"):
        await stage.work(name)
    await stage.poll()
    for name in ("ends", "accounts"):
        await stage.work(name)


async def waiting_posts(stage: IncidentStage) -> list[str]:
    """The posts that are queued for the channel."""
    keys = await stage.redis.keys(stage.scripts.key("posts", "*", CHANNEL))
    return [str(item) for key in keys for item in await stage.redis.zrange(key, 0, -1)]


async def settle_posts(stage: IncidentStage) -> None:
    """Let time pass, so that all posts come due a few times."""
    for _ in range(4):
        for key in await stage.redis.keys(stage.scripts.key("posts", "*")):
            for member in await stage.redis.zrange(key, 0, -1):
                await stage.redis.zadd(key, {str(member): 1})
        await stage.settle()


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message"])
async def test_if_the_message_cannot_be_edited_its_thread_tells_of_changes(stage: IncidentStage, code: str) -> None:
    """The next failure after a day gets a new message, which links to the old one."""
    await stage.discover()
    first = (await stage.stored()).ts
    stage.chat.faults.fail("edit_message", MessageGone("chat.update", code))
    stage.run_through("FAILED")
    await stage.discover()
    assert (await stage.incident()).uneditable_since is not None
    before = await stage.stored()
    taken = replace(before.incident, on_it=OnIt("U0ADA", stage.at + timedelta(hours=12), "ada"))
    assert await stage.incidents.store_incident(before, taken, "now")
    await settle_posts(stage)
    assert (await stage.thread())[-1].endswith("I'll post changes here.")
    assert "ada is on it" in (await stage.thread())[-1]
    assert len(stage.cards()) == 1
    stage.pass_minutes(25 * 60)
    stage.run_through("FAILED")
    await stage.discover()
    after = await stage.stored()
    assert (after.incident.serial, after.earlier) == (1, first)
    assert after.ts not in {"", first}
    newest = stage.chat.posted[CHANNEL, after.ts]
    assert "3 runs" in newest.text
    assert "earlier message" in newest.text
    assert len(await stage.thread()) == 1
    await stage.sweep()
    stage.run_through("SUCCESS")
    await stage.discover()
    assert "recovered" in stage.chat.posted[CHANNEL, after.ts].text


async def test_the_log_file_is_in_the_thread_after_the_excerpt(stage: IncidentStage) -> None:
    """The log's file is posted once, even if another error follows."""
    await stage.discover()
    thread = (await stage.stored()).ts
    assert stage.chat.shared == [(CHANNEL, thread, "F1")]
    name, content, _ = stage.chat.uploads["F1"]
    assert name.endswith("-dbt-build.log")
    assert b"net_amnt" in content
    stage.run_through("FAILED", log=DISK_LOG)
    await stage.discover()
    assert len(stage.chat.shared) == 1


async def test_a_channel_that_may_not_see_logs_gets_no_file(one_redis: Redis) -> None:
    """The policy decides; the failure is still reported."""
    stage = IncidentStage(one_redis, Policy((NO_LOGS, *DEFAULT_POLICY.rules)))
    await stage.watch(made_by=ADA)
    stage.run_through("FAILED")
    await stage.discover()
    assert len(stage.cards()) == 1
    assert stage.chat.uploads == {}


async def test_a_channel_without_the_bot_gets_the_file_once_it_is_back(stage: IncidentStage) -> None:
    """The bot never joins a channel to report something."""
    stage.chat.faults.fail("share_upload", ChannelRefused("files.completeUploadExternal", "not_in_channel"))
    stage.run_through("FAILED")
    await stage.discover()
    assert (stage.chat.shared, stage.chat.joined) == ([], [])
    await stage.posts.mark_reachable(CHANNEL)
    await stage.settle()
    assert (len(stage.chat.shared), stage.chat.joined) == (1, [])


async def test_a_file_that_waits_when_the_next_incident_begins_is_posted_in_the_thread_of_its_own(
    stage: IncidentStage,
) -> None:
    """Each thread has the log of its own failure."""
    stage.chat.faults.fail("share_upload", ChannelRefused("files.completeUploadExternal", "not_in_channel"))
    await stage.discover()
    first = (await stage.stored()).ts
    assert stage.chat.shared == []
    await fails_again_later(stage)
    await stage.posts.mark_reachable(CHANNEL)
    await settle_posts(stage)
    second = (await stage.stored()).ts
    assert first != second
    assert [{thread for _, thread, _ in stage.chat.shared}, len(stage.chat.shared)] == [{first, second}, 2]
    names = [stage.chat.uploads[file][0] for _, _, file in stage.chat.shared]
    assert names[0] != names[1]
    assert await waiting_posts(stage) == []


async def loses_its_message(stage: IncidentStage) -> None:
    """Somebody deletes a snoozed incident's message while its file waits."""
    stage.chat.faults.always["share_upload"] = SlackNotSent("files.completeUploadExternal")
    await stage.discover()
    del stage.chat.faults.always["share_upload"]
    before = await stage.stored()
    snoozed = replace(before.incident, snooze=Snooze("U0ADA", None, "ada"))
    assert await stage.incidents.store_incident(before, snoozed, "now")
    stage.chat.posted.pop((CHANNEL, before.ts))
    stage.chat.faults.fail("edit_message", MessageGone("chat.update", "message_not_found"))
    await stage.edit()
    assert (await stage.stored()).ts == ""
    assert await waiting_posts(stage) == [f"incident/file-1/{CHANNEL}/nightly"]


async def test_a_file_whose_message_was_deleted_waits_for_the_next_message(stage: IncidentStage) -> None:
    """The file is posted with the recovery, even if the next incident begins first."""
    await loses_its_message(stage)
    await fails_again_later(stage)
    await settle_posts(stage)
    assert await waiting_posts(stage) == []


async def test_a_file_whose_message_was_deleted_and_does_not_come_again_is_given_up(stage: IncidentStage) -> None:
    """The bot wasn't in the channel when the message would have been posted again."""
    await loses_its_message(stage)
    stage.channels.states[CHANNEL] = ChannelState(is_member=False)
    await stage.work("channels", whatever=True)
    await fails_again_later(stage)
    del stage.channels.states[CHANNEL]
    await stage.check_channels()
    await settle_posts(stage)
    assert await waiting_posts(stage) == []


async def test_a_recovery_that_waits_when_the_next_incident_begins_is_told_in_the_thread_of_its_own(
    stage: IncidentStage,
) -> None:
    """The recovery is neither dropped nor posted in the new incident's thread."""
    await stage.discover()
    first = (await stage.stored()).ts
    await fails_again_later(stage)
    await settle_posts(stage)
    assert "recovered" in stage.chat.in_channel(CHANNEL, first)[-1]
    assert not any("recovered" in one for one in await stage.thread())
    assert await waiting_posts(stage) == []


async def test_a_lost_reply_shares_no_file_twice(stage: IncidentStage) -> None:
    """A file whose reply was lost is found by its id."""
    stage.chat.faults.lose("share_upload")
    await stage.discover()
    await settle_posts(stage)
    assert len(stage.chat.shared) == 1


async def test_a_log_that_comes_late_follows_with_its_file(one_redis: Redis) -> None:
    """The opening post promised it."""
    stage = IncidentStage(one_redis, at=datetime.now(UTC) - timedelta(hours=1))
    await stage.watch()
    run = stage.run_through("FAILED")
    log = stage.bolt.outputs.pop(run * 10)
    await stage.discover()
    await stage.end_seen(run, LOG_AWAITED_S + 20)
    await stage.work("ends", whatever=True)
    await settle_posts(stage)
    (opening,) = await stage.thread_in_full()
    assert "Its log isn't available yet. I'll post it here once it is." in opening
    assert stage.chat.shared == []
    stage.bolt.outputs[run * 10] = log
    await stage.end_seen(run, 0)
    await stage.work("ends", whatever=True)
    await settle_posts(stage)
    _, late = await stage.thread_in_full()
    assert "net_amnt" in late
    assert len(stage.chat.shared) == 1


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(minutes=-10)])
async def test_a_log_is_awaited_by_our_own_clock(one_redis: Redis, ahead: timedelta) -> None:
    """The wait starts when the end was seen, however wrong Bolt's clock is."""
    stage = IncidentStage(one_redis, at=datetime.now(UTC) + ahead)
    await stage.watch()
    run = stage.run_through("FAILED")
    stage.bolt.outputs.pop(run * 10)
    await stage.discover()
    await stage.end_seen(run, LOG_RULES.incident_s + 10)
    await stage.work("ends", whatever=True)
    await settle_posts(stage)
    assert await stage.thread() == []
    await stage.end_seen(run, LOG_AWAITED_S + 20)
    await settle_posts(stage)
    assert len(await stage.thread()) == 1


REFUSED = ContentRefused("chat.postMessage", "invalid_blocks")


async def test_a_message_that_slack_refuses_in_every_form_is_replaced_by_a_sentence(stage: IncidentStage) -> None:
    """The thread of the replaced message is posted as usual."""
    stage.chat.faults.fail("post_message", REFUSED, REFUSED, REFUSED)
    await stage.discover()
    assert stage.cards() == ["A schedule watched here failed, but Slack rejected the message about it. Open run 101."]
    assert len(await stage.thread()) == 1


async def test_if_even_that_is_refused_nothing_waits_for_it(stage: IncidentStage) -> None:
    """All of its posts leave the queue, and the log names each that isn't sent."""
    stage.chat.faults.fail("post_message", *[REFUSED] * 4)
    with capture_logs() as lines:
        await stage.discover()
        assert stage.cards() == []
        queue = stage.scripts.key("posts", "opened", CHANNEL)
        await stage.redis.zadd(queue, {f"incident/1/{CHANNEL}/nightly": 1})
        await stage.redis.zadd(stage.scripts.key("posts", "opened"), {CHANNEL: 1})
        await settle_posts(stage)
        assert await waiting_posts(stage) == []
        stage.run_through("SUCCESS")
        await stage.discover()
    assert await waiting_posts(stage) == []
    # The message, and the post in its thread.
    not_sent = [line for line in lines if line["log_level"] == "error" and "schedule" in line]
    assert [(line["schedule"], line["why"]) for line in not_sent] == [("nightly", "invalid_blocks")] * 2


async def test_a_recovery_whose_reply_is_lost_before_the_first_message_is_told_once(one_redis: Redis) -> None:
    """The recovery is posted in the channel, because there's no message yet with a thread for it."""
    stage = IncidentStage(one_redis)
    stage.run_through("FAILED")
    await stage.watch()
    stage.run_through("SUCCESS")
    stage.chat.faults.lose("post_message", 1)
    await stage.discovery_only()
    await stage.post()
    (recovered,) = stage.chat.in_channel(CHANNEL)
    assert "recovered after" in recovered
    stage.run_through("FAILED")
    await stage.discover()
    await stage.settle()
    assert [one for one in stage.chat.in_channel(CHANNEL) if "recovered after" in one] == [recovered]
    (opening,) = await stage.thread()
    assert "failed" in opening
