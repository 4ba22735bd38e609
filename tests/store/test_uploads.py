"""Requested files: each is posted once, after the files of ends, and not too many at a time."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.core.model.asker import Asker
from bot.core.model.bolt import BoltCommand, Resource
from bot.core.model.log_tail import LogBatch
from bot.core.model.run import CardRef, End, RunKey
from bot.core.model.upload import Upload
from bot.flows.claimed_post import ClaimedPost
from bot.store.due_sets import DueSet
from bot.store.lanes import PostLane, SlackBudget
from bot.store.log_tails import LogTails
from bot.store.record_json import from_json
from bot.store.scripts import Scripts
from bot.store.uploads import Uploads
from tests.store.record import follow_run

KEY = RunKey("w", 1)
ADA = Asker("T", "U1", "A")
FREE = SlackBudget(post_gap_s=0, channel_gap_s=0, upload_gap_s=0)


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


def log_of(command: int) -> Upload:
    """The log of one of the run's commands."""
    return Upload(f"{KEY.name}:{command}:log:A", KEY, ADA, BoltCommand(command, "dbt test"))


async def ask(scripts: Scripts, command: int, *, anyway: bool = False, most: int = 10) -> str:
    """Request it; return the result."""
    return (await Uploads(scripts).add_upload(log_of(command), posts_it_anyway=anyway, most=most)).word


async def claim(scripts: Scripts, budget: SlackBudget = FREE) -> ClaimedPost | None:
    """Claim the most urgent post."""
    taken = await PostLane(scripts, budget, lease_s=10, upload_lease_s=60).claim()
    if taken.lease is None:
        return None
    return ClaimedPost(taken.lease, taken.urgency, taken.channel, f"upload:{taken.item.partition('/')[2]}", "post")


async def test_a_file_is_asked_for_once(scripts: Scripts) -> None:
    """The file is on its way or already posted; if it couldn't be posted, it can be requested again."""
    await follow_run(scripts, 1, ts="1.5")
    uploads = Uploads(scripts)
    answer = await uploads.add_upload(log_of(7), posts_it_anyway=False, most=10)
    assert (answer.word, answer.thread) == ("new", CardRef("A", "1.5"))
    assert await ask(scripts, 7) == "known"
    post = await claim(scripts)
    assert post is not None
    found = await uploads.load_upload(log_of(7).id)
    assert found is not None
    assert (found.command, found.thread, found.asker) == (log_of(7).command, CardRef("A", "1.5"), ADA)
    assert found.asked_at is not None
    assert await uploads.finish_upload(post, log_of(7).id, "no") == "ok"
    assert await ask(scripts, 7) == "new"
    post = await claim(scripts)
    assert post is not None
    await uploads.note_file(log_of(7).id, "F1")
    assert await uploads.finish_upload(post, log_of(7).id, "ok") == "ok"
    assert await uploads.finish_upload(post, log_of(7).id, "no") == "done:ok"
    assert await ask(scripts, 7) == "done"
    assert 0 < await scripts.redis.ttl(scripts.key("upload", log_of(7).id)) <= 86_400
    assert await claim(scripts) is None


async def test_too_many_in_a_channel_are_refused(scripts: Scripts) -> None:
    """The number of waiting files is limited; requesting one of them again is fine."""
    assert [await ask(scripts, number, most=2) for number in (1, 2, 3, 1)] == ["new", "new", "full", "known"]


async def test_a_log_that_its_end_posts_is_not_posted_twice(scripts: Scripts) -> None:
    """The log is waiting, or already posted; if it couldn't be posted, it can be requested again."""
    await follow_run(scripts, 1, ts="1.5")
    card = scripts.key("card", "T:A:1.5")
    await scripts.redis.zadd(scripts.key("posts", "log", "A"), {"file/T:A:1.5": 1})
    assert await ask(scripts, 7, anyway=True) == "known"
    await scripts.redis.delete(scripts.key("posts", "log", "A"))
    await scripts.redis.hset(card, "file", "done:F123")
    assert await ask(scripts, 7, anyway=True) == "done"
    await scripts.redis.hset(card, "file", "done:file_uploads_disabled")
    assert await ask(scripts, 7, anyway=True) == "new"


async def test_files_of_ends_come_first_and_followed_logs_last(scripts: Scripts) -> None:
    """A live log's lines are posted even while uploads have to wait."""
    await follow_run(scripts, 1, ts="1.5")
    log_tails = LogTails(scripts)
    assert await log_tails.begin_tail(KEY, ADA, 7, most=10) == "new"
    claimed = await DueSet(scripts, "follows", lease_s=10).claim(1)
    assert claimed.lease is not None
    assert await log_tails.push_batch(claimed.lease, LogBatch("dbt run", 1, "a", 7, "1:0"), delay_s=5)
    await ask(scripts, 7)
    await ask(scripts, 8)
    await scripts.redis.zadd(scripts.key("posts", "log", "A"), {"file/T:A:1.5": 1})
    await scripts.redis.zadd(scripts.key("posts", "log"), {"A": 1})
    slow = SlackBudget(post_gap_s=0, channel_gap_s=0, upload_gap_s=30)
    taken = [await claim(scripts, slow) for _ in range(3)]
    assert [post.urgency if post else None for post in taken] == ["log", "follow", None]
    await scripts.redis.delete(scripts.key("budget", "uploads"))
    post = await claim(scripts, slow)
    assert post is not None
    assert (post.urgency, post.lease.lease_s) == ("file", 60)


def test_what_a_newer_version_writes_is_read() -> None:
    """Fields that this version doesn't know are ignored."""
    end = from_json(
        End,
        '{"log": "read", "nodes": [{"status": "FAIL", "name": "a", "kind": "test", "message": "", "new": 1}], "newer": {}}',
    )
    assert end.nodes[0].name == "a"
    assert from_json(
        Upload,
        '{"id": "a", "key": {"workspace": "w", "id": 1}, "asker": {"team": "T", "user": "U", "channel": "C"}, "command": {"id": 1, "text": ""}, "resource": {"id": 1, "path": "x"}, "more": 1}',
    ).resource == Resource(1, "x")
