"""The end of a run as watches account for it, and a watched schedule as discovery knows it.

`bot.core.watching.ends` builds ends, and `bot.core.watching.counted_runs` decides which runs count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.model.cause import Cause
from bot.core.model.run import is_failed

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WatchedSchedule:
    """A schedule as discovery last saw it in the listing."""

    slug: str
    name: str
    uuid: str = ""
    owner: str | None = None
    branch: str | None = None
    commands: tuple[str, ...] = ()
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class RunError:
    """One error of a failed run. `key` is the same in all runs with that error; `name` is the node or the command."""

    key: str
    name: str
    line: str


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run of a schedule ended, in Bolt's words and by Bolt's times.

    `actor` names who started it, in Bolt's words. If it was started here, `asked_by` is the asker's user id, and
    `request` is the start's id. `closes` is False if the run may have had commands other than its schedule's, but it
    still counts if it failed. `command` is the failed command. `errors` is empty while the log is unread (`log` is
    `late`). `parent` is the run that it retries.
    """

    run: int
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    branch: str | None = None
    commit: str | None = None
    pull_request: str | None = None
    parent: int | None = None
    actor: str | None = None
    actor_email: str | None = None
    asked_by: str | None = None
    closes: bool = True
    command: str = ""
    summary: str | None = None
    errors: tuple[RunError, ...] = ()
    cause: Cause | None = None
    log: str = "none"
    request: str | None = None

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        """Ends are accounted for in this order: by end, start, id. Ids alone aren't enough, because runs may overlap."""
        return self.ended_at or _NEVER, self.started_at or _NEVER, self.run

    @property
    def has_failed(self) -> bool:
        """Whether the end counts as a failure."""
        return is_failed(self.state)
