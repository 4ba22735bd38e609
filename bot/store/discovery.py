"""Discovery's records: when each watched schedule last ran, what is known about its runs, and ends to account for.

`bot.core.watching.discovery` decides which runs are new.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from bot.core.model.discovery import ActivityNews, Ledger, Looked, ScheduleRecord
from bot.core.model.notice import NoticeChange
from bot.core.model.run_end import RunEnd, WatchedSchedule
from bot.core.model.slots import StoredSlots
from bot.flows.lease import Lease
from bot.store.due_sets import MICROSECONDS, from_microseconds, microseconds
from bot.store.notices import notice_rows, slots_text, stored_slots
from bot.store.record_json import from_json, to_json
from bot.store.runs import creation_args
from bot.store.scripts import Scripts


class Discovery:
    """Implements the flows' `Discovery` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def known_activity(self) -> Mapping[str, str]:
        """Return the activity of each watched schedule at the last listing, by slug."""
        found: dict[str, str] = await self._scripts.ask(
            self._scripts.redis.hgetall(self._scripts.key("discovery", "activity"))
        )
        return found

    async def listed_at(self) -> datetime | None:
        """Return Bolt's time of the last complete listing, or None if there was none."""
        at = await self._scripts.ask(self._scripts.redis.get(self._scripts.key("discovery", "at")))
        return from_microseconds(at) if at else None

    async def missing_since(self) -> Mapping[str, datetime]:
        """Return the times at which watched schedules were first missing from the listing, by slug."""
        found = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("discovery", "missing")))
        return {slug: from_microseconds(at) for slug, at in found.items()}

    async def note_missing(self, missing: Mapping[str, datetime], found: Collection[str]) -> None:
        """Record when schedules were first missing, and which of them were found again. Raises StoreUnavailable."""
        key = self._scripts.key("discovery", "missing")
        pipeline = self._scripts.redis.pipeline(transaction=True)
        for slug, at in missing.items():
            pipeline.hset(key, slug, str(round(at.astimezone(UTC).timestamp() * MICROSECONDS)))
        if found:
            pipeline.hdel(key, *found)
        if missing or found:
            await self._scripts.ask(pipeline.execute())

    async def note_activity(self, lease: Lease, news: ActivityNews, at: datetime, *, delay_s: float) -> bool:
        """Record a complete listing of schedules, made at `at` by Bolt's clock. Changed schedules become due now."""
        changed = [
            part for slug, (activity, schedule) in news.changed.items() for part in (slug, activity, to_json(schedule))
        ]
        slots = [
            part
            for slug, row in news.slots.items()
            for part in (slug, row.before.text, slots_text(row.after), _delay(row.late_in_s))
        ]
        token, at_us = await lease.stop_renewing(), round(at.astimezone(UTC).timestamp() * MICROSECONDS)
        return bool(
            await self._scripts.run(
                "record_listing",
                token,
                microseconds(delay_s),
                at_us,
                len(news.changed),
                *changed,
                len(news.slots),
                *slots,
                *news.gone,
            )
        )

    async def load_schedules(self, slugs: Sequence[str]) -> dict[str, ScheduleRecord]:
        """Load the records of watched schedules. Schedules without a record are left out."""
        redis, key = self._scripts.redis, self._scripts.key
        pipeline = redis.pipeline(transaction=False)
        for slug in slugs:
            pipeline.hmget(key("discovery", "of", slug), ["schedule", "ledger", "rev"])
            pipeline.smembers(key("discovery", "failing", slug))
        if slugs:
            pipeline.hmget(key("discovery", "slots"), list(slugs))
        *rows, slots = await self._scripts.ask(pipeline.execute()) or [[]]
        found = {}
        for slug, (schedule, ledger, rev), failing, passed in zip(slugs, rows[::2], rows[1::2], slots, strict=True):
            if schedule:
                found[slug] = ScheduleRecord(
                    from_json(WatchedSchedule, schedule),
                    from_json(Ledger, ledger) if ledger else Ledger(),
                    int(rev or 0),
                    frozenset(failing),
                    stored_slots(passed) if passed else StoredSlots(),
                )
        return found

    async def rename_schedule(self, old: str, new: str) -> list[str]:
        """Move a schedule's records to its new slug. Returns the channels in which it has an incident."""
        quoted = (json.dumps(slug, ensure_ascii=False) for slug in (old, new))
        return list(await self._scripts.run("rename_schedule", old, new, *quoted))

    async def note_look(self, lease: Lease, slug: str, rev: int, looked: Looked, *, delay_s: float) -> bool:
        """Record what a look at a schedule's runs found. Returns False if the runs have to be looked at again."""
        follow = [
            part
            for one in looked.follow
            for part in (one.key.name, *creation_args(one.facts, one.seen), _delay(one.slow_in_s))
        ]
        notices = notice_rows([NoticeChange(one) for one in looked.notices])
        ended = [part for end in looked.ended for part in (str(end.run), to_json(end))]
        word = await self._scripts.run(
            "record_look",
            slug,
            await lease.stop_renewing(),
            rev,
            to_json(looked.ledger),
            microseconds(delay_s),
            looked.settled.before.text,
            slots_text(looked.settled.after),
            json.dumps([(one.day, one.name, one.field) for one in looked.settled.counts]),
            len(looked.follow),
            *follow,
            len(looked.notices),
            *notices,
            *ended,
        )
        return bool(word == "ok")

    async def ended_runs(self, slug: str) -> list[RunEnd]:
        """Return the ends that haven't been accounted for yet, in the order in which the runs ended."""
        found = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("discovery", "ended", slug)))
        return sorted((from_json(RunEnd, body) for body in found.values()), key=lambda end: end.order)


def _delay(seconds: float | None) -> str | int:
    return microseconds(max(0.0, seconds)) if seconds is not None else ""
