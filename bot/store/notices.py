"""Notices, each in a hash that expires, and facts about late schedules.

`run_lines`, `slow` and `late` of `bot.core.watching` decide which runs and schedules get a notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bot.core.model.notice import Notice, NoticeChange, NoticeRecord
from bot.core.model.run import is_final
from bot.core.model.slots import LateBoard, Slots, StoredBoard, StoredSlots
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.flows.ports.watch_store import Judgment
from bot.store.due_sets import microseconds
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts

DAY_S = 86_400
# How long a notice is kept while it may still change, and after that, while a channel may still refuse it.
OPEN_KEPT_S = 8 * DAY_S
OVER_KEPT_S = 2 * DAY_S
SLOTS_CACHED = 4096


class Notices:
    """Implements the flows' `Notices` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def load_notice(self, channel: str, name: str) -> NoticeRecord | None:
        """Load a notice. Returns None if it isn't stored."""
        return (await self.load_notices([(channel, name)]))[0]

    async def load_notices(self, keys: Sequence[tuple[str, str]]) -> list[NoticeRecord | None]:
        """Load notices by channel and name."""
        if not keys:
            return []
        pipeline = self._scripts.redis.pipeline(transaction=False)
        for channel, name in keys:
            pipeline.hmget(self._scripts.key("notice", channel, name), ["notice", "rev", "ts"])
        rows = await self._scripts.ask(pipeline.execute())
        return [NoticeRecord(from_json(Notice, body), int(rev), ts or "") if body else None for body, rev, ts in rows]

    async def notice_posted(self, post: ClaimedPost, stored: NoticeRecord, ts: str) -> str:
        """Record the message of a notice. Returns `ok`, or `done:<ts>` if another process has posted it."""
        # A post in a thread is never edited.
        team = "" if stored.notice.thread else stored.notice.team
        return await self._finish(post, stored.notice.name, ts, team, f"note:{stored.rev}")

    async def notice_given_up(self, post: ClaimedPost, name: str, why: str) -> None:
        """Record that a notice will never be posted."""
        await self._finish(post, name, why, "", "")

    async def _finish(self, post: ClaimedPost, name: str, outcome: str, team: str, shown: str) -> str:
        lease = post.lease
        return str(
            await self._scripts.run(
                "finish_notice_post", post.urgency, post.channel, lease.member, lease.token, name, outcome, team, shown
            )
        )

    async def checked(self, lease: Lease, notices: Sequence[Notice], *, again_s: float | None) -> bool:
        """Record a check of whether a run is slow, and new notices, each once. `again_s`: None after the last check."""
        rows = notice_rows([NoticeChange(one) for one in notices])
        again = microseconds(again_s) if again_s is not None else ""
        token = await lease.stop_renewing()
        return bool(await self._scripts.run("record_slow_check", lease.member, token, again, len(notices), *rows))

    async def load_slots(self, slugs: Sequence[str]) -> dict[str, StoredSlots]:
        """Load the slots of schedules; those without any are left out."""
        if not slugs:
            return {}
        found = await self._scripts.ask(self._scripts.redis.hmget(self._scripts.key("discovery", "slots"), list(slugs)))
        return {slug: stored_slots(body) for slug, body in zip(slugs, found, strict=True) if body}

    async def all_slots(self) -> dict[str, StoredSlots]:
        """Load the slots of all schedules that have any."""
        found = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("discovery", "slots")))
        return {slug: stored_slots(body) for slug, body in found.items()}

    async def late_boards(self) -> dict[str, StoredBoard]:
        """Load which schedules are late, by channel. Channels without late schedules are left out."""
        found = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("late")))
        return {channel: StoredBoard(from_json(LateBoard, body), body) for channel, body in found.items()}

    async def judged(self, lease: Lease, judgment: Judgment) -> bool:
        """Record which schedules are late. Returns False if anything has changed since the slots were loaded."""
        schedules: list[str | int] = []
        for slug, (before, after, again_s) in judgment.schedules.items():
            again = microseconds(again_s) if again_s is not None else ""
            schedules += [slug, before.text, slots_text(after), again]
        boards: list[str] = []
        for channel, (old, new) in judgment.boards.items():
            boards += [channel, old.text, to_json(new) if new.notices else ""]
        word = await self._scripts.run(
            "record_lateness",
            await lease.stop_renewing(),
            len(judgment.schedules),
            *schedules,
            len(judgment.boards),
            *boards,
            len(judgment.notices),
            *notice_rows(judgment.notices),
        )
        return bool(word == "ok")


def slots_text(slots: Slots) -> str:
    """Serialize slots, or an empty string if there are none."""
    return to_json(slots) if slots else ""


@lru_cache(SLOTS_CACHED)
def stored_slots(body: str) -> StoredSlots:
    """Parse stored slots. Cached, because most are the same in every listing."""
    return StoredSlots(from_json(Slots, body), body)


def notice_rows(changes: Sequence[NoticeChange]) -> list[str | int]:
    """The arguments for the notices that a script stores: see shared/notices.lua."""
    rows: list[str | int] = []
    for change in changes:
        after = change.after
        edit = "now" if change.urgent else "count"
        kept_s = OPEN_KEPT_S if _may_change(after) else OVER_KEPT_S
        rows += [
            after.channel,
            after.name,
            str(change.rev),
            to_json(after),
            edit,
            microseconds(change.delay_s),
            kept_s,
        ]
    return rows


def _may_change(notice: Notice) -> bool:
    if notice.late:
        return any(one.is_open for one in notice.late)
    return notice.run is not None and not is_final(notice.run.state) and notice.run.ended_at is None
