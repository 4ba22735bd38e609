"""The life of a run, as far as the bot knows it.

Different writers own the parts of a `Run`: a start or a follow request writes `facts`, polls write `seen`, a click to
cancel writes `wish`, and the end is written once to `end`.

`bot.core.model.state_labels` has a word for each state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.model.bolt import BoltCommand, RunStatus
from bot.core.model.cause import Cause
from bot.core.text.text import cut

# The final states that Bolt documents. A state that isn't listed here isn't final: the run is still polled and shown
# with Bolt's own word.
FAILED_STATES = frozenset({"ERROR", "FAILED"})
# Our own state, unlike any of Bolt's: Bolt returned only errors about the run for so long that the bot gave up on it.
LOST = "lost"
# States announced as failures: ahead of other ends, and listed among recent failures.
FAILURE_STATES = FAILED_STATES | {LOST}
FINAL_STATES = FAILURE_STATES | {"SUCCESS", "CANCELED", "SKIPPED"}

COMMAND_TEXT_LIMIT = 400


def is_final(state: str) -> bool:
    """Whether a run in this state has ended. Unknown states count as not ended."""
    return state in FINAL_STATES


def is_failed(state: str) -> bool:
    """Whether a run in this state has failed."""
    return state in FAILED_STATES


@dataclass(frozen=True, slots=True)
class RunKey:
    """Identity of a run: ids are unique only within a Bolt workspace."""

    workspace: str
    id: int

    @property
    def name(self) -> str:
        """The run's name in stored records. The settings make sure that a workspace name contains no colon."""
        return f"{self.workspace}:{self.id}"

    @classmethod
    def parse(cls, name: str) -> RunKey:
        """Parse a run's name in stored records."""
        workspace, _, run_id = name.rpartition(":")
        return cls(workspace, int(run_id))


def run_url(app_url: str, run_id: int) -> str:
    """URL of a run's page in Bolt."""
    return f"{app_url.rstrip('/')}/bolt/run_id/{run_id}"


@dataclass(frozen=True, slots=True)
class CardRef:
    """Reference to one of our messages: channel id and Slack timestamp."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Facts known when a run begins. `slug` and `name` are the schedule's, or empty if it isn't known.

    `commands` are the schedule's, or those that the requester gave instead. For a run started elsewhere, they're the
    schedule's and may not be the run's: see `bot.core.runs.progress`. `usual_s` is the median duration of the schedule's latest
    successes in seconds, or None without history. For a retry, `parent_run` is the retried run, and `only_failed` says
    that only its failed commands run. For a run that wasn't asked for here, `actor` is the person or system that
    started it, as Bolt names it. `followed_by` is the person who asked for the card and is named on it, and
    `approved_by` is the person who approved the start. `reason` is the reason for the start, in the asker's words.
    """

    slug: str = ""
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
    followed_by: str | None = None
    approved_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """A run as the newest poll saw it.

    `step` is its duration so far as a percentage of the usual one, in coarse steps (see
    `bot.core.runs.usual_duration`). The observation includes `step` so that the card is edited exactly when `step`
    changes.
    """

    state: str = "STARTING"
    commands: tuple[BoltCommand, ...] = ()
    step: int = 0


@dataclass(frozen=True, slots=True)
class CancelWish:
    """A request to cancel the run: by whom and when, and whether Bolt has already been asked (`asked`)."""

    user: str
    at: datetime
    asked: bool = False


@dataclass(frozen=True, slots=True)
class FailedNode:
    """A dbt node that failed. `status` is as dbt prints it (FAIL, ERROR), and `kind` is a model, a test or a source.

    `seconds`, and the rows that a test found (`failures`), are set if dbt's own results contain them.
    """

    status: str
    name: str
    kind: str
    message: str
    seconds: float | None = None
    failures: int | None = None


@dataclass(frozen=True, slots=True)
class SlowNode:
    """A dbt node that was slow."""

    name: str
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended. `log` is `none` (nothing failed), `read`, `late` (not read yet) or `lost`.

    `recovered` counts the schedule's failures directly before this success; with `recovered_more` there may have been
    more than are listed. `nodes` and `warned` name the first of `failed_nodes` and `warned_nodes`. `counts` to
    `slowest` come from dbt's own results of the failed command, if it left any. `causes` say why it failed, the most
    frequent first, and `changed` compares it with the last success.
    """

    started_at: datetime | None = None
    ended_at: datetime | None = None
    branch: str | None = None
    commit: str | None = None
    failed: BoltCommand | None = None
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
    """How a failure compares with its schedule's earlier runs on the same branch with the same commands.

    `failures` counts the failed runs in a row, including this one, beginning at `since`. `more`: earlier runs that Bolt
    didn't list may have failed too. `succeeded_at` and `commit_then` describe the last success, or are None if unknown.
    """

    failures: int = 1
    more: bool = False
    since: datetime | None = None
    succeeded_at: datetime | None = None
    commit_then: str | None = None


@dataclass(frozen=True, slots=True)
class Retried:
    """The newest retry of a run, and who asked for it. `card` is the retry's card, `url` that card's permalink."""

    run: int
    user: str
    card: CardRef | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Everything the bot knows about a run. `rev` grows with every visible change.

    `without_card`: discovery found it, and only incidents report it.
    """

    key: RunKey
    rev: int = 1
    facts: RunFacts = field(default_factory=RunFacts)
    seen: Observation = field(default_factory=Observation)
    wish: CancelWish | None = None
    end: End | None = None
    retried: Retried | None = None
    without_card: bool = False

    def seen_in(self, channel: str) -> Run:
        """Return the run as shown in a channel: without the permalink of a retry's card in another channel.

        The retry's page in Bolt is linked instead. `channel` is "" if the run isn't shown in a channel.
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
        """Display name: the schedule's name, its slug, or the run's number."""
        return self.facts.name or self.facts.slug or f"Run {self.key.id}"

    @property
    def started_here(self) -> bool:
        """Whether a person asked the bot for the run. A run started elsewhere may have any commands."""
        return self.facts.asked_by is not None

    @property
    def mentioned(self) -> str | None:
        """The person to notify of a failure: the run's follower, or else the person who asked for the run."""
        return self.facts.followed_by or self.facts.asked_by

    @property
    def started_at(self) -> datetime | None:
        """When the run began, as Bolt reports it; or else when its first command began, or when it was requested."""
        if self.end and self.end.started_at:
            return self.end.started_at
        begun = [command.started_at for command in self.seen.commands if command.started_at]
        return min(begun) if begun else self.facts.asked_at

    @property
    def ended_at(self) -> datetime | None:
        """When the run ended: as Bolt reports it, or else when its last command ended. None if it hasn't ended."""
        if self.end and self.end.ended_at:
            return self.end.ended_at
        ended = [command.ended_at for command in self.seen.commands if command.ended_at]
        return max(ended) if ended and is_final(self.seen.state) else None

    @property
    def seconds(self) -> float | None:
        """The run's duration in seconds, or None if the API doesn't report it."""
        if self.started_at and self.ended_at:
            return max(0.0, (self.ended_at - self.started_at).total_seconds())
        return None


def observe(status: RunStatus, mask: Callable[[str], str]) -> Observation:
    """Turn a poll's result into an observation, with command texts masked and cut to what a card can show."""
    commands = tuple(
        BoltCommand(c.id, cut(mask(c.text), COMMAND_TEXT_LIMIT), c.started_at, c.ended_at, c.return_code)
        for c in status.commands
    )
    return Observation(status.state, commands)


def failed_command(seen: Observation) -> BoltCommand | None:
    """The command that broke the run: the last one with an exit code other than 0, or None if there is none."""
    broken = [command for command in seen.commands if command.return_code not in (None, 0)]
    return broken[-1] if broken else None
