"""The life of a run, as far as the bot knows it.

A `Run` is put together from parts that different hands write: `facts` by whoever started or adopted it,
`seen` by polls, `wish` by people who want it cancelled, `end` once, when it is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.model.bolt import Command, RunStatus
from bot.core.model.cause import Cause
from bot.core.text.text import cut

# The states that Bolt documents as ends. A word that is not here is not finished: keep watching, show its own word.
FAILED_STATES = frozenset({"ERROR", "FAILED"})
# Our own word, unlike any of Bolt's, for a run of which Bolt has known nothing for so long that it is given up.
LOST = "lost"
# Announced as failures: before other ends, and listed among recent failures.
FAILURE_STATES = FAILED_STATES | {LOST}
FINAL_STATES = FAILURE_STATES | {"SUCCESS", "CANCELED", "SKIPPED"}

COMMAND_TEXT_LIMIT = 400


def is_final(state: str) -> bool:
    """Whether a run in this state is over. A state nobody knows is not."""
    return state in FINAL_STATES


def is_failed(state: str) -> bool:
    """Whether a run in this state is over and failed."""
    return state in FAILED_STATES


@dataclass(frozen=True, slots=True)
class RunKey:
    """A run's identity: ids are unique within a Bolt workspace only."""

    workspace: str
    id: int

    @property
    def name(self) -> str:
        """Its name in records. A workspace's name holds no colon: the settings see to that."""
        return f"{self.workspace}:{self.id}"

    @classmethod
    def parse(cls, name: str) -> RunKey:
        """The run of such a name."""
        workspace, _, run_id = name.rpartition(":")
        return cls(workspace, int(run_id))


def run_url(app_url: str, run_id: int) -> str:
    """A run's page for people."""
    return f"{app_url.rstrip('/')}/bolt/run_id/{run_id}"


@dataclass(frozen=True, slots=True)
class CardRef:
    """A message of ours: channel id and Slack's timestamp."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run from its beginning. `commands` are the schedule's own, or the asker's instead of them.

    Of a run that was started elsewhere they are the schedule's, which it may or may not have: see `bot.core.insight.progress`.
    `usual_s` is the median length of the schedule's last successes, None without history. Of a retry, `parent_run` is the
    run that is retried; `only_failed` says that only what failed of `commands` runs. `actor` is who started a run that
    nobody here has asked for, in Bolt's words. `watched_by` is told by the card: who wanted it there. `approved_by`: who let it be started.
    `reason` is why it was started, in the asker's words.
    """

    schedule: str = ""
    name: str = ""
    branch: str | None = None
    pull_request: int | None = None
    commands: tuple[str, ...] = ()
    overridden: bool = False
    asked_by: str | None = None
    asked_at: datetime | None = None
    request: str | None = None
    parent_run: int | None = None
    only_failed: bool = False
    continue_on_error: bool = False
    usual_s: float | None = None
    actor: str | None = None
    watched_by: str | None = None
    approved_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """A run as the newest poll saw it.

    `step` says how long it takes compared with what is usual, in per cent and in a few steps (see `bot.core.insight.usual_duration`):
    what a card says of time is observed, so that it is edited when that changes and only then.
    """

    state: str = "STARTING"
    commands: tuple[Command, ...] = ()
    step: int = 0


@dataclass(frozen=True, slots=True)
class CancelWish:
    """Who wants the run cancelled, since when; `asked` once Bolt has been asked for it."""

    user: str
    at: datetime
    asked: bool = False


@dataclass(frozen=True, slots=True)
class FailedNode:
    """A dbt node that failed: `status` as dbt prints it (FAIL, ERROR), `kind` a model, a test, a source.

    `seconds`, and the rows that a test found, where dbt's own account tells them.
    """

    status: str
    name: str
    kind: str
    message: str
    seconds: float | None = None
    failures: int | None = None


@dataclass(frozen=True, slots=True)
class SlowNode:
    """A dbt node that took long."""

    name: str
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended. `log` is `none` (nothing failed), `read`, `late` (still to come) or `lost`.

    `recovered` counts the failures of its schedule directly before this success; with `recovered_more` there may have been
    more than are listed. `nodes` and `warned` name the first of so many (`failed_nodes`, `warned_nodes`). `counts`
    to `slowest` are dbt's own account of the failed command, if it left one. `causes` say why it failed, the most frequent
    first, and `changed` what is different from the last success.
    """

    started_at: datetime | None = None
    ended_at: datetime | None = None
    branch: str | None = None
    commit: str | None = None
    failed: Command | None = None
    number: int | None = None
    summary: str | None = None
    excerpt: str = ""
    nodes: tuple[FailedNode, ...] = ()
    log: str = "none"
    recovered: int = 0
    recovered_more: bool = False
    failed_nodes: int = 0
    counts: tuple[tuple[str, int], ...] = ()
    warned: tuple[str, ...] = ()
    warned_nodes: int = 0
    slowest: tuple[SlowNode, ...] = ()
    causes: tuple[Cause, ...] = ()
    changed: Changed | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """How a failure compares with the runs of its schedule before it, on the same branch and with the same commands.

    `failures` is how many runs in a row have failed, this one included, since `since`; with `more` there may have been more
    than are listed. `succeeded_at` and `commit_then` are the last success's, None if it isn't known.
    """

    failures: int = 1
    more: bool = False
    since: datetime | None = None
    succeeded_at: datetime | None = None
    commit_then: str | None = None


@dataclass(frozen=True, slots=True)
class Retried:
    """The newest run that is a retry of another, and who asked for it. `card` is that run's, `url` its address."""

    run: int
    user: str
    card: CardRef | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Everything the bot knows of a run. `rev` grows whenever something visible changes."""

    key: RunKey
    rev: int = 1
    facts: RunFacts = field(default_factory=RunFacts)
    seen: Observation = field(default_factory=Observation)
    wish: CancelWish | None = None
    end: End | None = None
    retried: Retried | None = None

    def seen_in(self, channel: str) -> Run:
        """As whoever reads it in a channel may see it: without the address of a card that stands elsewhere.

        Then the run's page in Bolt is linked instead. `channel` is "" where it is read in none.
        """
        retried = self.retried
        if retried is None or (retried.card is not None and retried.card.channel == channel):
            return self
        return replace(self, retried=replace(retried, card=None, url=""))

    @property
    def id(self) -> int:
        """The run's id in Bolt."""
        return self.key.id

    @property
    def title(self) -> str:
        """What people call it: the schedule's name, its slug, or the run's number."""
        return self.facts.name or self.facts.schedule or f"Run {self.key.id}"

    @property
    def started_here(self) -> bool:
        """Whether somebody asked the bot for it. One that was started elsewhere may have been given any commands."""
        return self.facts.asked_by is not None

    @property
    def mentioned(self) -> str | None:
        """Who is told that it failed: who watches it, else who asked for it."""
        return self.facts.watched_by or self.facts.asked_by

    @property
    def started_at(self) -> datetime | None:
        """When it began: Bolt's word, else its first command's, else when it was asked for."""
        if self.end and self.end.started_at:
            return self.end.started_at
        begun = [command.started_at for command in self.seen.commands if command.started_at]
        return min(begun) if begun else self.facts.asked_at

    @property
    def ended_at(self) -> datetime | None:
        """When it was over: Bolt's word, else its last command's end. None while it is not."""
        if self.end and self.end.ended_at:
            return self.end.ended_at
        ended = [command.ended_at for command in self.seen.commands if command.ended_at]
        return max(ended) if ended and is_final(self.seen.state) else None

    @property
    def seconds(self) -> float | None:
        """How long it took, None where the API does not tell."""
        if self.started_at and self.ended_at:
            return max(0.0, (self.ended_at - self.started_at).total_seconds())
        return None


def observe(status: RunStatus, mask: Callable[[str], str]) -> Observation:
    """A poll's answer, with command texts masked and cut to what a card can show."""
    commands = tuple(
        Command(c.id, cut(mask(c.text), COMMAND_TEXT_LIMIT), c.started_at, c.ended_at, c.return_code)
        for c in status.commands
    )
    return Observation(status.state, commands)


def failed_command(seen: Observation) -> Command | None:
    """The command that broke the run: the last one that ended with a code other than 0."""
    broken = [command for command in seen.commands if command.return_code not in (None, 0)]
    return broken[-1] if broken else None
