"""Finding the causes that incidents of an outage share: many schedules fail at once, often for the same reason.

The script `account_ends.lua` decides which incidents form an outage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.model.cause import Cause
from bot.core.model.incident import Incident
from bot.core.model.outage import CAUSES_POSTED, CausePost
from bot.core.watching.same_error import same_words

# An error whose log hasn't been read, or has no message.
UNREAD = "not read yet"


@dataclass(frozen=True, slots=True)
class SharedCause:
    """A cause with its incidents: the hint if one matches, else the first error's line, empty if it isn't known."""

    key: str
    line: str
    incidents: tuple[Incident, ...]
    hint: Cause | None = None


def cause_key(incident: Incident) -> str:
    """A key for why a schedule fails, the same for all schedules that fail for the same reason.

    It's the hint's id, else the first error's line without numbers, quoted values, paths and the failed node's name.
    """
    if incident.cause is not None and incident.cause.id:
        return f"hint {incident.cause.id}"
    if not incident.lines or not incident.lines[0].line:
        return UNREAD
    first = incident.lines[0]
    return same_words(first.line.replace(first.name, "#") if first.name else first.line) or UNREAD


def shared_causes(incidents: Iterable[Incident]) -> list[SharedCause]:
    """Group incidents by cause, the most frequent first; those whose logs aren't read yet come last."""
    groups: dict[str, list[Incident]] = {}
    for incident in incidents:
        groups.setdefault(cause_key(incident), []).append(incident)
    causes = [
        SharedCause(key, "" if key == UNREAD else _line(found[0]), tuple(found), _hint(found))
        for key, found in groups.items()
    ]
    return sorted(causes, key=lambda cause: (cause.key == UNREAD, -len(cause.incidents)))


def next_posts(causes: Sequence[SharedCause], posted: Sequence[CausePost]) -> list[CausePost]:
    """The thread posts to add: one for each of the most frequent causes that has none yet."""
    known = {post.cause for post in posted}
    new = [cause.key for cause in causes if cause.key not in known and cause.key != UNREAD]
    room = max(0, CAUSES_POSTED - len(posted))
    return [CausePost(len(posted) + at, key) for at, key in enumerate(new[:room], start=1)]


def _line(incident: Incident) -> str:
    return incident.lines[0].line if incident.lines else ""


def _hint(incidents: Sequence[Incident]) -> Cause | None:
    return next((one.cause for one in incidents if one.cause is not None and one.cause.id), None)
