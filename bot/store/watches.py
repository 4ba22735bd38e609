"""Watches: one hash for all channels, read as a whole and kept in memory until one of them changes.

`bot.core.model.watch` decides how many watches there may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.model.audit_entry import AuditEntry
from bot.core.model.watch import AWAY, WATCHES_MOST, WATCHES_MOST_IN_CHANNEL, PauseChange, Watch, WatchAcceptance
from bot.core.watching.file_plan import AppliedPlan, FilePlan
from bot.flows.lease import Lease
from bot.store.audit_stream import entry_fields
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts


class Watches:
    """Implements the flows' `Watches` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._kept: tuple[Watch, ...] = ()
        self._rev: str | None = None

    async def add_watch(self, watch: Watch, entry: AuditEntry | None = None) -> WatchAcceptance:
        """Store a new watch under its channel's next number. Raises StoreUnavailable."""
        word, number = await self._scripts.run(
            "add_watch", watch.channel, to_json(watch), WATCHES_MOST_IN_CHANNEL, WATCHES_MOST, *_fields(entry)
        )
        return WatchAcceptance(word, replace(watch, number=int(number)) if word == "ok" else None)

    async def change_watch(self, watch: Watch, entry: AuditEntry | None = None) -> bool:
        """Replace the watch with the same channel and number. Returns False if it's gone. Raises StoreUnavailable."""
        return bool(await self._scripts.run("change_watch", watch.name, to_json(watch), *_fields(entry)))

    async def remove_watch(self, channel: str, number: int, entry: AuditEntry | None = None) -> bool:
        """Remove a watch. Returns False if it's already gone. Raises StoreUnavailable."""
        return bool(await self._scripts.run("remove_watch", f"{channel}:{number}", *_fields(entry)))

    async def pause_watches(self, channel: str, numbers: Sequence[int], change: PauseChange) -> list[int]:
        """Pause watches of a channel, or resume them, with entries in the audit log.

        Returns the numbers of those that this call has changed. Raises StoreUnavailable.
        """
        pause = change.pause
        changed = await self._scripts.run(
            "pause_watches",
            channel,
            pause or "",
            change.at.isoformat(),
            int(change.notify),
            int(pause in AWAY),
            change.event,
            change.why,
            *numbers,
        )
        return [int(number) for number in changed]

    async def check_channels(self, channels: Iterable[str]) -> None:
        """Have channels checked now, if they have watches. Raises StoreUnavailable."""
        if names := list(channels):
            await self._scripts.run("check_channels", *names)

    async def leave_channel(self, lease: Lease) -> None:
        """End the checks of the claimed channel, unless it has a watch again. Raises StoreUnavailable."""
        await self._scripts.run("leave_channel", lease.member, await lease.stop_renewing())

    async def move_channel(self, old: str, new: str) -> int:
        """Move the watches of a channel whose id has changed, and everything that belongs to them.

        Returns how many watches moved. Raises StoreUnavailable.
        """
        return int(await self._scripts.run("move_channel", old, new))

    async def all_watches(self) -> tuple[Watch, ...]:
        """Return every watch, by channel and number, reading them only after a change. Raises StoreUnavailable."""
        redis = self._scripts.redis
        # The revision is read first: if a change comes in between, the next call reads the watches again.
        rev = await self._scripts.ask(redis.get(self._scripts.key("standing", "rev")))
        if rev != self._rev or rev is None:
            stored = await self._scripts.ask(redis.hgetall(self._scripts.key("standing")))
            found = [replace(from_json(Watch, body), number=_number(name)) for name, body in stored.items()]
            self._kept = tuple(sorted(found, key=lambda one: (one.channel, one.number)))
            self._rev = rev
        return self._kept

    async def read_watches(self) -> tuple[str, tuple[Watch, ...]]:
        """Return every watch, with the revision for `apply_plan`. Raises StoreUnavailable."""
        watches = await self.all_watches()
        return self._rev or "", watches

    async def apply_plan(self, rev: str, plan: FilePlan) -> AppliedPlan | None:
        """Apply the watches file's changes. Returns None if any watch has changed since. Raises StoreUnavailable."""
        changes = [part for one in plan.change for part in (one.name, to_json(one))]
        adds = [part for one in plan.add for part in (one.channel, to_json(one))]
        word, *rest = await self._scripts.run(
            "apply_watches",
            rev,
            WATCHES_MOST_IN_CHANNEL,
            WATCHES_MOST,
            len(plan.stop),
            *(one.name for one in plan.stop),
            len(plan.change),
            *changes,
            *adds,
        )
        if word != "ok":
            return None
        is_new, *numbers = (int(one) for one in rest)
        return AppliedPlan(bool(is_new), tuple(numbers))

    async def is_marked(self) -> bool:
        """Whether Redis has a record of an earlier start. Raises StoreUnavailable."""
        return bool(await self._scripts.ask(self._scripts.redis.exists(self._scripts.key("standing", "marker"))))


def _fields(entry: AuditEntry | None) -> list[str]:
    return entry_fields(entry) if entry is not None else []


def _number(name: str) -> int:
    return int(name.rpartition(":")[2])
