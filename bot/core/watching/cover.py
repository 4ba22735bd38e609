"""The choice of the channel's watch that applies to a schedule.

`bot.flows.watch_permissions` leaves out the watches that the policy doesn't let report it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import translate
from functools import lru_cache

from bot.core.model.run_end import WatchedSchedule
from bot.core.model.watch import Watch
from bot.core.text.name_folding import fold

_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Covers:
    """The watches, arranged so that those that cover a schedule are easy to find."""

    exact: Mapping[str, tuple[Watch, ...]] = field(default_factory=dict)
    globs: tuple[Watch, ...] = ()

    @classmethod
    def of(cls, watches: Iterable[Watch]) -> Covers:
        """Arrange watches. Suspended ones cover nothing."""
        exact: dict[str, list[Watch]] = {}
        globs: list[Watch] = []
        for watch in watches:
            if watch.is_suspended:
                continue
            if watch.is_exact:
                exact.setdefault(watch.pattern, []).append(watch)
            else:
                globs.append(watch)
        return cls({slug: tuple(found) for slug, found in exact.items()}, tuple(globs))

    def covering(self, schedule: WatchedSchedule) -> list[Watch]:
        """All watches that cover a schedule, of all channels."""
        found = [*self.exact.get(schedule.slug, ()), *(one for one in self.globs if matches(one.pattern, schedule))]
        return [one for one in found if one.owner is None or _same_owner(one.owner, schedule.owner)]

    def deciding(self, schedule: WatchedSchedule, without: Collection[str] = ()) -> dict[str, Watch]:
        """The watch that decides, by channel: an exact one, else the longest literal prefix, else the newest one.

        `without` are the names of watches that don't count. `since` is when the channel's first watch of the schedule
        was made, so adding a more specific watch doesn't change it.
        """
        decided: dict[str, Watch] = {}
        since: dict[str, datetime] = {}
        for watch in self.covering(schedule):
            if watch.name in without:
                continue
            since[watch.channel] = min(watch.since, since.get(watch.channel, watch.since))
            other = decided.get(watch.channel)
            if other is None or _precision(watch) > _precision(other):
                decided[watch.channel] = watch
        return {channel: replace(watch, since=since[channel]) for channel, watch in decided.items()}


def matches(pattern: str, schedule: WatchedSchedule) -> bool:
    """Whether a slug or a glob names a schedule. A glob is compared with its slug and its name, whatever their case."""
    if not _GLOB.search(pattern):
        return pattern == schedule.slug
    if pattern == "*":
        return True
    compiled = _compiled(pattern)
    return bool(compiled.fullmatch(schedule.slug.lower()) or compiled.fullmatch(fold(schedule.name)))


def _precision(watch: Watch) -> tuple[bool, int, int]:
    prefix = _GLOB.split(watch.pattern, maxsplit=1)[0]
    return watch.is_exact, len(prefix), watch.number


def _same_owner(wanted: str, owner: str | None) -> bool:
    return owner is not None and wanted.strip().lower() == owner.strip().lower()


@lru_cache(4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.lower()))


def beginning(watch: Watch) -> str:
    """A watch's channel and the time when it began, as one string. The string changes if the watch is made again."""
    return f"{watch.channel}@{watch.since.timestamp():.0f}"
