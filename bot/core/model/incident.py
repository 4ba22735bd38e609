"""An incident: one schedule that fails, in one channel, from its first failure to its recovery.

`bot.core.watching.incident_life` decides how it changes, and `bot.core.views.incident` builds its message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.core.model.cause import Cause
from bot.core.model.run_end import RunEnd, RunError

# Beyond this number, distinct errors are counted but not remembered.
ERRORS_REMEMBERED = 200
# The reason an incident was closed when its message must no longer show anything about it.
HIDDEN = "no longer shown here"
# The maximum number of thread posts for one incident, including the post about its opening.
POSTS_MOST = 10
# A schedule may flap for months.
POSTS_KEPT = 30


class IncidentState(StrEnum):
    """Whether the schedule fails, fails now and then, has recovered, or the incident was closed without a recovery."""

    FAILING = "failing"
    FLAPPING = "flapping"
    RECOVERED = "recovered"
    CLOSED = "closed"


class PostKind(StrEnum):
    """The kinds of posts in an incident's thread."""

    OPENING = "opening"
    NEW_ERROR = "new_error"
    REOPENED = "reopened"
    RECOVERED = "recovered"
    STILL_FAILING = "still_failing"
    # The state that the message would show if it could still be edited.
    STATE = "state"


@dataclass(frozen=True, slots=True)
class IncidentRun:
    """A run of an incident, as its message shows it."""

    run: int
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    branch: str | None = None
    commit: str | None = None
    actor: str | None = None
    asked_by: str | None = None

    @classmethod
    def of(cls, end: RunEnd) -> IncidentRun:
        """Keep the part of a run's end that the message shows."""
        return cls(end.run, end.state, end.started_at, end.ended_at, end.branch, end.commit, end.actor, end.asked_by)

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        """The run's place in the order in which the schedule's runs ended."""
        return RunEnd(self.run, self.state, self.started_at, self.ended_at).order


@dataclass(frozen=True, slots=True)
class ThreadPost:
    """A post for the incident's thread. `number` counts from 1 and never changes.

    `run` is the run that it's about, `errors` those that first occurred in it. `mention`: the post names the
    people to notify.
    """

    number: int
    kind: PostKind
    run: int = 0
    errors: tuple[RunError, ...] = ()
    mention: bool = False


@dataclass(frozen=True, slots=True)
class OnIt:
    """Somebody is on an incident until it recovers, at most until `until`.

    `name` is the person's, as messages show it.
    """

    user: str
    until: datetime
    name: str = ""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Nothing is posted until `until`, or until the recovery (None). `by` is a user's id; `name` is their name."""

    by: str
    until: datetime | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class RetryOfIncident:
    """The newest retry of a failed run of this incident. `by` is our asker's user id, or Bolt's name for the person."""

    run: int
    state: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class RetryAsked:
    """A click to retry a run, with the person and the time; the retry hasn't been seen in Bolt yet."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Withheld:
    """A record that posts of an incident were withheld because of quiet hours, which end at `until`.

    `earlier` counts the failures of earlier incidents of the same schedule that haven't been reported either. `gap`:
    the account of a gap between listings reports the incident, instead of the message at the end of quiet hours.
    """

    until: datetime
    earlier: int = 0
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. `serial` counts the incidents of its schedule in its channel.

    `failures` counts failed runs other than retries, and `retries` counts failed retries. `first` is the first failed
    run, `latest` is the newest run that counts, and `failed` is the newest failed run. `errors` are the keys of the
    errors seen; `same_error`: every failure had the same ones. `lines` are the newest failure's errors; `command`,
    `summary` and `cause` say more about that failure. `posts` are all thread posts wanted so far. `mentioned_at` is the
    time of the last mention. `recent` has the newest runs that count, oldest first, since the incident began;
    `reopened` has the times at which it was opened again. `seen_before`: the schedule was already failing when the
    watch was made. `silent`: all of its failures have a card of their own in the channel, or happened in quiet hours,
    so it has no message. `withheld`: the news that quiet hours or a gap holds back. `without_logs`: the policy doesn't
    let this channel see what logs say. `why` says why it was closed. `uneditable_since` is the newest end at the time
    when it was noticed that its message can't be edited anymore; `replaced` counts the messages that were replaced
    because they couldn't be edited.
    """

    channel: str
    schedule: str
    team: str
    watch: int
    serial: int = 1
    name: str = ""
    owner: str | None = None
    state: IncidentState = IncidentState.FAILING
    failures: int = 0
    retries: int = 0
    first: IncidentRun | None = None
    latest: IncidentRun | None = None
    failed: IncidentRun | None = None
    recovered_by: IncidentRun | None = None
    errors: tuple[str, ...] = ()
    errors_more: int = 0
    same_error: bool = True
    lines: tuple[RunError, ...] = ()
    command: str = ""
    summary: str | None = None
    cause: Cause | None = None
    posts: tuple[ThreadPost, ...] = ()
    mentioned_at: datetime | None = None
    on_it: OnIt | None = None
    snooze: Snooze | None = None
    retry: RetryOfIncident | None = None
    retry_asked: RetryAsked | None = None
    recent: tuple[IncidentRun, ...] = ()
    runs: int = 0
    reopened: tuple[datetime, ...] = ()
    seen_before: bool = False
    silent: bool = False
    suspended: bool = False
    held: tuple[RunError, ...] = ()
    withheld: Withheld | None = None
    without_logs: bool = False
    why: str = ""
    uneditable_since: datetime | None = None
    replaced: int = 0

    @property
    def key(self) -> str:
        """The incident's name in stored records."""
        return f"{self.channel}:{self.schedule}"

    def with_post(self, post: ThreadPost) -> Incident:
        """Add a post. The oldest ones were posted long ago, so they're forgotten."""
        return replace(self, posts=(*self.posts, post)[-POSTS_KEPT:])

    @property
    def next_post(self) -> int:
        """The number of the next thread post."""
        return self.posts[-1].number + 1 if self.posts else 1

    @property
    def is_open(self) -> bool:
        """Whether it's neither recovered nor closed."""
        return self.state in {IncidentState.FAILING, IncidentState.FLAPPING}


@dataclass(frozen=True, slots=True)
class QuietEnd:
    """The end of quiet hours in a channel: the message about it lists these incidents, as they were at that moment.

    `name` is unique in the channel. `mentions` has the schedules whose people are notified.
    """

    channel: str
    name: str
    incidents: tuple[Incident, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident as stored: `rev` grows with every change; `ts` is its message's timestamp, or empty if it has none.

    `outage` is the number of the outage whose message reports it instead, or 0 if there's none. `request` is the newest
    retry that was asked for from its message and is shown there, or "" if there's none. `earlier` is the timestamp of
    the message that this one has replaced, because the earlier one can't be edited anymore. `refused` is Slack's code
    if it refused the message for its content, in every form.
    """

    incident: Incident
    rev: int = 0
    ts: str = ""
    outage: int = 0
    request: str = ""
    earlier: str = ""
    refused: str = ""
