"""Live logs: one hash per run and channel, in a due set of their own.

New lines are posted through the lane of posts.

`bot.flows.tail_log` decides how long a log is live.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.model.asker import Asker
from bot.core.model.log_tail import LogBatch, LogTail, TailAcceptance, TailPosted
from bot.core.model.run import RunKey
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import from_microseconds, microseconds
from bot.store.lanes import parse_card_id
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts


@dataclass(frozen=True, slots=True)
class StoredTail:
    """The fields of a live log that never change."""

    key: RunKey
    asker: Asker


def tail_id(key: RunKey, channel: str) -> str:
    """Return the id of a live log: one per run and channel."""
    return f"{key.name}:{channel}"


class LogTails:
    """Implements the flows' `LogTails` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def begin_tail(self, key: RunKey, asker: Asker, command: int, *, most: int) -> TailAcceptance:
        """Start a live log at this command (0: the first). Returns `new`, `known`, `no_card`, `over` or `full`."""
        name = tail_id(key, asker.channel)
        body = to_json(StoredTail(key, asker))
        accepted: TailAcceptance = await self._scripts.run(
            "begin_tail", name, key.name, asker.channel, body, most, command
        )
        return accepted

    async def load_tail(self, name: str) -> LogTail | None:
        """Load a live log. Returns None if it has ended."""
        record = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("follow", name)))
        card = parse_card_id(record.get("card") or "")
        if not record.get("body") or card is None:
            return None
        body = from_json(StoredTail, record["body"])
        return LogTail(
            name,
            body.key,
            body.asker,
            card,
            from_microseconds(record["begun_us"]),
            int(record.get("command") or 0),
            record.get("cursor") or "",
            int(record.get("posts") or 0),
            from_microseconds(record["posted_us"]) if record.get("posted_us") else None,
            int(record.get("refused") or 0),
            from_json(LogBatch, record["pending"]) if record.get("pending") else None,
        )

    async def drop_tail(self, name: str) -> bool:
        """Stop a live log. Returns False if there was none."""
        return bool(await self._scripts.run("drop_tail", name, name.rpartition(":")[2]))

    async def clear(self, name: str) -> None:
        """Remove a stopped live log's pending post from the lane."""
        lane = self._scripts.key("posts", "follow", name.rpartition(":")[2])
        await self._scripts.ask(self._scripts.redis.zrem(lane, f"follow/{name}"))

    async def note_progress(self, lease: Lease, command: int, cursor: str, refused: int, *, delay_s: float) -> None:
        """Record how far the log has been read if there's nothing to post, and when to look again."""
        token = await lease.stop_renewing()
        await self._scripts.run(
            "note_tail_progress", lease.member, token, command, cursor, refused, microseconds(delay_s)
        )

    async def push_batch(self, lease: Lease, batch: LogBatch, *, delay_s: float) -> bool:
        """Store new lines and queue their post. Returns False if the claim was lost."""
        token, channel = await lease.stop_renewing(), lease.member.rpartition(":")[2]
        return bool(
            await self._scripts.run(
                "push_tail_batch", lease.member, token, channel, to_json(batch), microseconds(delay_s)
            )
        )

    async def posted(self, post: ClaimedPost, tail: LogTail, *, delay_s: float) -> TailPosted:
        """Record that the pending lines were posted.

        Returns `ok`, `known` if another process has posted these lines, or `gone` if the live log was stopped.
        """
        batch = tail.pending
        command, cursor, last = (batch.command, batch.cursor, batch.last) if batch else (0, "", "")
        posted: TailPosted = await self._scripts.run(
            "tail_posted",
            tail.id,
            post.urgency,
            post.channel,
            post.lease.member,
            post.lease.token,
            tail.posts,
            command,
            cursor,
            int(bool(last)),
            microseconds(delay_s),
        )
        return posted
