"""The watch that a command or the watches file asks for.

The options' values are read in `bot.core.commands.watch_values`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.model.command import WatchCommand
from bot.core.model.watch import OPERATOR, SlowAfter, Watch

LATE_S, SLOW = 1800.0, SlowAfter(factor=2.0)


@dataclass(frozen=True, slots=True)
class WatchPlace:
    """The channel of a requested watch, the time at which it begins, and its creator."""

    team: str
    channel: str
    since: datetime
    made_by: str = OPERATOR


def watch_of_command(command: WatchCommand, pattern: str, place: WatchPlace) -> Watch:
    """The watch that a command asks for. Late and slow runs are reported by default only for a single schedule."""
    watch = Watch(
        place.channel,
        0,
        place.team,
        pattern,
        place.since,
        place.made_by,
        only=command.only or "failures",
        owner=command.owner,
        branch=command.branch,
        pull_requests=command.pull_requests,
        mention=command.mention or "owner",
        late_s=command.late_s or None,
        slow=command.slow if command.slow and (command.slow.factor or command.slow.seconds) else None,
        quiet=command.quiet,
        time_zone=command.time_zone,
    )
    return _with_defaults(watch, command) if watch.is_exact else watch


def is_about_the_same(one: Watch, other: Watch) -> bool:
    """Whether two watches of a channel are about the same schedules, so that one replaces the other."""
    return subject(one) == subject(other)


def subject(watch: Watch) -> tuple[str, str, str | None, str | None]:
    """A watch's channel and subject. A watch with the same channel and subject replaces it."""
    return watch.channel, watch.pattern.lower(), watch.owner, watch.branch


def _with_defaults(watch: Watch, command: WatchCommand) -> Watch:
    if command.late_s is None:
        watch = replace(watch, late_s=LATE_S)
    if command.slow is None:
        watch = replace(watch, slow=SLOW)
    return watch
