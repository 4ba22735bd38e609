"""The audit log: added to, read from either end, and limited in size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from bot.core.model.audit_entry import AuditEntry, Event
from bot.store.audit_stream import PAGE, Audit
from bot.store.scripts import Scripts


def record(redis: Redis, *, most: int = 100_000, days: float = 90) -> Audit:
    """An audit log."""
    return Audit(Scripts(redis, "test", retention_s=1000), most=most, days=days)


async def test_what_is_added_is_read(redis_client: Redis) -> None:
    """Entries have a time, and can be read from either end; empty fields stay empty."""
    audit = record(redis_client)
    first = AuditEntry(Event.ASKED, request="a", user="U1", text="run x", decision="allow", rule="r")
    second = AuditEntry(Event.ENDED, request="a", run=4711, outcome="SUCCESS")
    for entry in (first, second):
        await audit.add_entry(entry)
    found = [entry async for entry in audit.oldest()]
    assert [(one.event, one.request, one.user, one.text, one.run, one.outcome) for one in found] == [
        ("asked", "a", "U1", "run x", None, ""),
        ("ended", "a", "", "", 4711, "SUCCESS"),
    ]
    assert all(one.at and abs(datetime.now(UTC) - one.at) < timedelta(minutes=5) for one in found)
    assert [one.event async for one in audit.newest_entries()] == ["ended", "asked"]


async def test_pages(redis_client: Redis) -> None:
    """Several reads return each entry once, even if many have the same time."""
    audit = record(redis_client)
    key = "{bolt:test}:audit"
    for number in range(2 * PAGE + 3):
        await redis_client.xadd(
            key, {"event": "asked", "request": str(number)}, id=f"{1000 + number // 600}-{number % 600 + 1}"
        )
    asked = [entry.request async for entry in audit.oldest()]
    assert asked == [str(number) for number in range(2 * PAGE + 3)]
    assert [entry.request async for entry in audit.newest_entries()] == asked[::-1]
    later = datetime.fromtimestamp(1.001, UTC)
    assert [entry.request async for entry in audit.oldest(later)] == asked[600:]


async def test_it_is_capped_by_count(redis_client: Redis) -> None:
    """The limit is approximate, because Redis trims whole nodes of a hundred."""
    audit = record(redis_client, most=1000)
    for number in range(1500):
        await audit.add_entry(AuditEntry(Event.ASKED, request=str(number)))
    assert 1000 <= await redis_client.xlen("{bolt:test}:audit") <= 1100
    newest = [entry.request async for entry in audit.newest_entries()]
    assert newest[0] == "1499"


async def test_it_is_capped_by_age(redis_client: Redis) -> None:
    """Entries that are too old are trimmed when the next one is added, in whole nodes of the stream."""
    audit = record(redis_client, days=1)
    old = datetime.now(UTC) - timedelta(days=2)
    for number in range(300):
        await redis_client.xadd(
            "{bolt:test}:audit", {"event": "asked"}, id=f"{round(old.timestamp() * 1000)}-{number + 1}"
        )
    await audit.add_entry(AuditEntry(Event.ASKED, request="new"))
    assert await redis_client.xlen("{bolt:test}:audit") <= 101
    newest = [entry.request async for entry in audit.newest_entries()]
    assert newest[0] == "new"


async def test_fields_of_another_version_are_left_out(redis_client: Redis) -> None:
    """An entry with none of this version's fields is still an entry."""
    await redis_client.xadd("{bolt:test}:audit", {"color": "red", "run": "x"})
    (entry,) = [one async for one in record(redis_client).oldest()]
    assert (entry.event, entry.run) == ("", None)
