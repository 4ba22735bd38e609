"""A request: a start that a person asked for, from acceptance to end.

`bot.flows.start` takes it from state to state.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.core.model.bolt import RunSummary
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.command import RetryCommand, RunCommand, StartCommand
from bot.core.model.run import CardRef, RunFacts

# How far the clocks of Bolt and Redis may differ, in seconds.
CLOCKS_S = 15.0


class RequestState(StrEnum):
    """State of a start. Each step is recorded before the next one is taken."""

    ACCEPTED = "accepted"  # recorded; the schedule hasn't been looked up yet
    LOOKED = "looked"  # the schedule exists; the card is waiting for a slot in the posting budget
    CARDED = "carded"  # the card says "is starting"
    SENDING = "sending"  # the trigger is about to be sent, or has been sent
    LOOKING = "looking"  # the trigger's response was lost; searching the runs for ours
    UNCLEAR = "unclear"  # not found, or several match; the card says so, and the search goes on
    SETTLED = "settled"  # there's a run
    REFUSED = "refused"  # nothing was started; the card still has to be removed and the person notified
    CLOSED = "closed"  # nothing left to do
    QUEUED = "queued"  # waiting for a run to end; then it gets a card like any start
    PENDING = "pending"  # waiting for approval; its card asks for it
    APPROVED = "approved"  # checked once more, then it gets its card
    OTHER = "other"  # a state of another version; this version leaves it alone

    @classmethod
    def from_record(cls, word: str) -> RequestState:
        """Parse a stored state; OTHER if this version doesn't know it."""
        return cls(word) if word in set(cls) else cls.OTHER


@dataclass(frozen=True, slots=True)
class StartPlan:
    """The plan of a start: the schedule, and the newest run id before the start (`mark`, or 0 if there are no runs).

    For a retry, `parent_run` is the run to retry, and the other fields are that run's. `slug` and `name` are empty if
    its schedule is unknown. `channel_name` is the public channel of the request. A `private` channel's name is never
    stored, because everyone in Bolt could read it.
    """

    slug: str
    name: str
    mark: int
    commands: tuple[str, ...] = ()
    branch: str | None = None
    usual_s: float | None = None
    parent_run: int | None = None
    pull_request: int | None = None
    overridden: bool = False
    continue_on_error: bool = False
    channel_name: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """The approval that a start needs, by a member of the user group `by`.

    `by` is the group's name in the policy, and `group` is its Slack id. `rule` is the name of the rule that requires
    the approval, and `within_s` is how many seconds there are to give it.
    """

    by: str
    group: str
    rule: str
    within_s: float


@dataclass(frozen=True, slots=True)
class Origin:
    """A run as its card's button describes it: enough to rebuild its record, and trusted no further."""

    facts: RunFacts
    card: CardRef | None = None


@dataclass(frozen=True, slots=True)
class BlockingRun:
    """The run that blocked a start, as its schedule's listing describes it."""

    run_id: int
    by: str = ""
    started_at: datetime | None = None
    branch: str | None = None
    pull_request: int | None = None
    parent_run: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A start as stored. `thread` is the thread of the request.

    `why` is the sentence of a refusal, and `near` has the slugs that may have been meant. `candidates` lists the runs
    that may belong to this start. If an active run caused the refusal, `candidates` has that run instead, and `running`
    has the run's details. `direct`: answer by direct message. `origin` is the retried run as its card's button
    describes it.

    If it needs or needed `approval`, it has `pending_at` once its card asks for it, and then `approved_by` or
    `denied_by`.

    If it is or was queued, it has `queued_at`, and `asked_at` becomes the time of its turn. It waits for the run
    `behind` and for `ahead` other starts, was overtaken `rounds` times, and may have been removed by the user
    `dropped_by`.

    If a retry was asked for from an incident's message, `incident` is that incident's schedule. `incident_channel` is
    that message's channel, and is set if the message shows the start, with or without a card of its own. `end_untold`:
    no message shows its run's end, so the person who asked is notified. `checked_at` is the time when the card was last
    read to check that the start is still waiting (see `bot.flows.start_after_restore`).
    """

    id: str
    team: str
    channel: str
    user: str
    user_name: str
    start_command: StartCommand
    asked_at: datetime
    response_url: str = field(default="", repr=False)
    state: RequestState = RequestState.ACCEPTED
    rev: int = 1
    plan: StartPlan | None = None
    card: CardRef | None = None
    sending_at: datetime | None = None
    run_id: int | None = None
    why: str = ""
    candidates: tuple[int, ...] = ()
    near: tuple[str, ...] = ()
    thread: str = ""
    direct: bool = False
    origin: Origin | None = None
    running: BlockingRun | None = None
    queued_at: datetime | None = None
    behind: int | None = None
    ahead: int = 0
    rounds: int = 0
    dropped_by: str | None = None
    approval: Approval | None = None
    pending_at: datetime | None = None
    approved_by: str | None = None
    denied_by: str | None = None
    incident: str = ""
    incident_channel: str = ""
    end_untold: bool = False
    checked_at: datetime | None = None

    @property
    def title(self) -> str:
        """Display name of the start."""
        return (self.plan.name if self.plan else "") or start_name(self.start_command)

    @property
    def keeps_card(self) -> bool:
        """Whether the card stays and says why if the start is refused, because people have waited for it."""
        return self.queued_at is not None or (self.approval is not None and self.card is not None)

    @property
    def queue(self) -> str:
        """Name of its queue, which sends one start at a time.

        One queue per schedule, or per retried run if its schedule is unknown.
        """
        if self.plan is None:
            return start_name(self.start_command)
        return self.plan.slug or f"retry {self.plan.parent_run}"

    @property
    def key(self) -> str:
        """The key in the card's metadata, by which a post whose response was lost can be found."""
        return f"start:{self.id}"


def with_channel(plan: StartPlan, channel_info: ChannelInfo) -> StartPlan:
    """Add the channel of the request to a plan. Only a public channel's name is added, because Bolt shows it."""
    is_public = channel_info.kind is ChannelKind.PUBLIC
    return replace(
        plan,
        channel_name=(channel_info.name or "") if is_public else "",
        private=channel_info.kind is ChannelKind.PRIVATE,
    )


def request_id(team: str, delivery: str) -> str:
    """Derive a short id from a delivery: the same delivery always gets the same id."""
    fingerprint = hashlib.sha256(f"{team}/{delivery}".encode()).digest()
    return base64.b32encode(fingerprint[:10]).decode().lower()


def start_name(start_command: StartCommand) -> str:
    """The name of the schedule to start, as typed, or `Retry of run 7`."""
    if isinstance(start_command, RunCommand):
        return start_command.schedule_text
    return start_command.schedule_text or f"Retry of run {start_command.run_id}"


def start_in_words(start_command: StartCommand) -> str:
    """The name of the schedule to start, or `retry of run 7`, for use inside a sentence."""
    if isinstance(start_command, RunCommand):
        return start_command.schedule_text
    return (
        f"retry of {start_command.schedule_text}" if start_command.schedule_text else start_name(start_command).lower()
    )


def pinned_command(request: Request) -> StartCommand:
    """The command with its target pinned: a retry of a schedule's latest failure becomes a retry of that run."""
    start_command = request.start_command
    if isinstance(start_command, RetryCommand) and request.plan is not None:
        return RetryCommand(every=start_command.every, run_id=request.plan.parent_run)
    return start_command


def run_facts(request: Request) -> RunFacts:
    """Facts of the run that a request starts."""
    plan = request.plan
    start_command = request.start_command
    if isinstance(start_command, RetryCommand):
        return _retry_facts(request, plan or StartPlan("", "", 0), only_failed=not start_command.every)
    return RunFacts(
        slug=plan.slug if plan else start_command.schedule_text,
        name=plan.name if plan else start_command.schedule_text,
        branch=start_command.branch or (plan.branch if plan else None),
        pull_request=start_command.pull_request,
        commands=start_command.commands or (plan.commands if plan else ()),
        overridden=bool(start_command.commands),
        continue_on_error=start_command.continue_on_error,
        asked_by=request.user,
        asked_at=request.asked_at,
        request=request.id,
        usual_s=plan.usual_s if plan and not start_command.commands else None,
        approved_by=request.approved_by,
        reason=start_command.reason,
    )


def _retry_facts(request: Request, plan: StartPlan, *, only_failed: bool) -> RunFacts:
    """Facts of a retry: the retried run's, without its usual duration, which says nothing about a retry."""
    return RunFacts(
        slug=plan.slug,
        name=plan.name,
        branch=plan.branch,
        pull_request=plan.pull_request,
        commands=plan.commands,
        overridden=plan.overridden,
        only_failed=only_failed,
        continue_on_error=plan.continue_on_error,
        asked_by=request.user,
        asked_at=request.asked_at,
        request=request.id,
        parent_run=plan.parent_run,
        approved_by=request.approved_by,
    )


def blocking_run_of(run: RunSummary) -> BlockingRun:
    """Build a BlockingRun from a schedule's listing."""
    return BlockingRun(
        run_id=run.id,
        by=run.actor_email or run.actor,
        started_at=run.started_at,
        branch=run.branch,
        pull_request=pull_request_of(run),
        parent_run=run.parent_run_id,
    )


def pull_request_of(run: RunSummary) -> int | None:
    """The number of a run's pull request, or None if it has none. Bolt lists it as text."""
    text = run.pull_request or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def blocking_run_facts(running: BlockingRun, plan: StartPlan | None) -> RunFacts:
    """Facts of a blocking run, as far as they're known before it is polled."""
    return RunFacts(
        slug=plan.slug if plan else "",
        name=plan.name if plan else "",
        branch=running.branch,
        pull_request=running.pull_request,
        asked_at=running.started_at,
        parent_run=running.parent_run,
        # The schedule's usual duration says nothing about a retry.
        usual_s=plan.usual_s if plan and not running.parent_run else None,
        actor=running.by or None,
    )


def start_reason(request: Request) -> str:
    """The reason recorded in Bolt for a start: who asked, from where, why, and our request id."""
    why = request.start_command.reason if isinstance(request.start_command, RunCommand) else None
    name = request.plan.channel_name if request.plan else ""
    private = request.plan is not None and request.plan.private
    where = " in a private channel" if private else f" in #{name}" if name else ""
    asked = f"{request.user_name or request.user} from Slack{where} (request {request.id})"
    return f"{why} - {asked}" if why else f"Started by {asked}"


def candidate_runs(
    request: Request, runs: Sequence[RunSummary], *, actor: str | None, known: frozenset[int], within_s: float
) -> tuple[int, ...]:
    """Return the runs that a start with a lost response may have made, oldest first.

    A candidate has an id above the mark, is on our branch if both are known, is not in `known`, and was started by our
    own actor. If the actor isn't known yet, it must have begun within `within_s` seconds of the time when the start was
    sent. For a retry, runs that name the retried run take precedence, and runs that name another one don't count.
    """
    mark = request.plan.mark if request.plan else 0
    parent = request.plan.parent_run if request.plan else None
    fits = [
        run
        for run in runs
        if run.id > mark
        and run.id not in known
        and (run.actor == actor and not _began_before(request, run) if actor else _began_then(request, run, within_s))
        and (_branch_fits(request, run) or (parent is not None and run.parent_run_id == parent))
    ]
    if parent is not None:
        fits = [run for run in fits if run.parent_run_id == parent] or [run for run in fits if not run.parent_run_id]
    return tuple(sorted(run.id for run in fits))


@dataclass(frozen=True, slots=True)
class Rival:
    """Another start of the schedule that was sent and whose outcome is unknown. Its run's id is above `mark`."""

    sent_at: datetime
    parent_run: int | None = None
    branch: str | None = None
    mark: int = 0


def is_contested(request: Request, run: RunSummary, rivals: Sequence[Rival]) -> bool:
    """Whether a run may belong to another start instead: same branch, and begun after that start was sent.

    A run that names the retried run can only belong to starts that retry the same run.
    """
    parent = request.plan.parent_run if request.plan else None
    names_it = parent is not None and run.parent_run_id == parent
    return any(
        run.started_at is None or (rival.sent_at - run.started_at).total_seconds() <= CLOCKS_S
        for rival in rivals
        if (not names_it or rival.parent_run == parent)
        and (_is_on(rival.branch, run) or (rival.parent_run is not None and rival.parent_run == run.parent_run_id))
    )


def _began_before(request: Request, run: RunSummary) -> bool:
    """Whether a run began before ours was sent, by more than the clocks may differ."""
    if request.sending_at is None or run.started_at is None:
        return False
    return (request.sending_at - run.started_at).total_seconds() > CLOCKS_S


def _began_then(request: Request, run: RunSummary, within_s: float) -> bool:
    if request.sending_at is None or run.started_at is None:
        return True
    return abs((run.started_at - request.sending_at).total_seconds()) <= within_s


def branch_of_start(start_command: StartCommand, plan: StartPlan | None) -> str | None:
    """The branch or commit of the resulting run: as asked for, else the schedule's, or None if unknown."""
    given = start_command.branch if isinstance(start_command, RunCommand) else None
    return given or (plan.branch if plan else None)


def _branch_fits(request: Request, run: RunSummary) -> bool:
    return _is_on(branch_of_start(request.start_command, request.plan), run)


def _is_on(branch: str | None, run: RunSummary) -> bool:
    """Whether a run may be on a branch or commit. True if either is unknown."""
    if branch is None or (run.branch is None and run.commit is None):
        return True
    return branch == run.branch or bool(run.commit and run.commit.startswith(branch.lower()) and len(branch) >= 7)
