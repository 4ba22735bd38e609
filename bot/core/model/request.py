"""A request: what a person asked for, from its acceptance to its end."""

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

# How far the clocks of Bolt and Redis may be apart.
CLOCKS_S = 15.0


class RequestState(StrEnum):
    """Where a start stands. Each step is recorded before the next one is taken."""

    ACCEPTED = "accepted"  # recorded; the schedule is not looked up yet
    LOOKED = "looked"  # the schedule exists; its card waits for a slot in the posting budget
    CARDED = "carded"  # the card says "is starting"
    SENDING = "sending"  # the trigger is about to be sent, or was
    LOOKING = "looking"  # the trigger's reply was lost; the runs are searched for ours
    UNCLEAR = "unclear"  # not found, or several fit; said on the card, still searched for
    SETTLED = "settled"  # there is a run
    REFUSED = "refused"  # nothing was started; the card is still to be removed and the person to be told
    CLOSED = "closed"  # nothing is left to do
    QUEUED = "queued"  # waits for a run to end; then it is carded, as any start
    PENDING = "pending"  # waits for somebody's approval; its card asks for it
    APPROVED = "approved"  # is looked at once more, and is carded then
    OTHER = "other"  # a state of another version's: whoever does not know it does nothing about it

    @classmethod
    def from_record(cls, word: str) -> RequestState:
        """The state on record."""
        return cls(word) if word in set(cls) else cls.OTHER


@dataclass(frozen=True, slots=True)
class StartPlan:
    """What the look found: the schedule, and the newest run id before our start (`mark`, 0 without runs).

    Of a retry, `parent_run` is the run that is retried, and the rest is as it was of that run. `slug` and `name` are
    empty where nobody knows its schedule. `channel_name` is that of the public channel in which was asked; of a `private`
    one, the name is kept nowhere: it would be read by everybody in Bolt.
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
    """What a start waits for: somebody of the user group `by`, as the policy calls it; `group` is its id in Slack.

    `rule` is the name of the rule that wants it, `within_s` for how many seconds it may be given.
    """

    by: str
    group: str
    rule: str
    within_s: float


@dataclass(frozen=True, slots=True)
class Origin:
    """A run as the button of its card tells of it: enough to make its record again. Not believed further than that."""

    facts: RunFacts
    card: CardRef | None = None


@dataclass(frozen=True, slots=True)
class BlockingRun:
    """The run because of which a start was refused, as its schedule's listing tells of it."""

    run_id: int
    by: str = ""
    started_at: datetime | None = None
    branch: str | None = None
    pull_request: int | None = None
    parent_run: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A start as it is recorded. `thread` is the one in which it was asked for.

    `why` is the sentence of a refusal, `near` the slugs that may have been meant. `candidates` are the runs that
    may be ours; at a refusal because one is running, that run, of which `running` tells more. `direct`: answered by
    direct message. `origin` is what a card's button told of the run that is to be retried.

    One that needs, or needed, somebody's `approval` has `pending_at` since its card asks for it, and then
    `approved_by` or `denied_by`.

    One that waits, or waited, has `queued_at`; `asked_at` is the time of its turn then. It waits for the run `behind` and
    for `ahead` other starts, was `rounds` times overtaken, and was taken out of the line by the user `dropped_by`.
    """

    id: str
    team: str
    channel: str
    user: str
    user_name: str
    wanted: StartCommand
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

    @property
    def title(self) -> str:
        """What people call that which is started."""
        return (self.plan.name if self.plan else "") or wanted_name(self.wanted)

    @property
    def keeps_card(self) -> bool:
        """Whether its card stays where it is not started, and says why: people have waited for it."""
        return self.queued_at is not None or (self.approval is not None and self.card is not None)

    @property
    def queue(self) -> str:
        """What is sent one after the other: the starts of a schedule, or the retries of a run whose schedule is not known."""
        if self.plan is None:
            return wanted_name(self.wanted)
        return self.plan.slug or f"retry {self.plan.parent_run}"

    @property
    def key(self) -> str:
        """What the card's metadata carries, so that a post whose reply was lost can be found."""
        return f"start:{self.id}"


def with_channel(plan: StartPlan, place: ChannelInfo) -> StartPlan:
    """A look with where it was asked for. Only a public channel is named: Bolt shows it to everybody there."""
    is_public = place.kind is ChannelKind.PUBLIC
    return replace(
        plan, channel_name=(place.name or "") if is_public else "", private=place.kind is ChannelKind.PRIVATE
    )


def request_id(team: str, delivery: str) -> str:
    """A short name for a delivery: the same delivery always gets the same one."""
    digest = hashlib.sha256(f"{team}/{delivery}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def wanted_name(wanted: StartCommand) -> str:
    """What is to be started, as it was typed."""
    if isinstance(wanted, RunCommand):
        return wanted.schedule
    return wanted.latest_of or f"Retry of run {wanted.run_id}"


def wanted_in_words(wanted: StartCommand) -> str:
    """What is to be started, inside a sentence."""
    if isinstance(wanted, RunCommand):
        return wanted.schedule
    return f"retry of {wanted.latest_of}" if wanted.latest_of else wanted_name(wanted).lower()


def pinned_wanted(request: Request) -> StartCommand:
    """What was asked for. The latest failed run of a schedule is the one that it was then, not what fails meanwhile."""
    wanted = request.wanted
    if isinstance(wanted, RetryCommand) and request.plan is not None:
        return RetryCommand(every=wanted.every, run_id=request.plan.parent_run)
    return wanted


def run_facts(request: Request) -> RunFacts:
    """What a request tells of the run it starts."""
    plan = request.plan
    wanted = request.wanted
    if isinstance(wanted, RetryCommand):
        return _retry_facts(request, plan or StartPlan("", "", 0), only_failed=not wanted.every)
    return RunFacts(
        schedule=plan.slug if plan else wanted.schedule,
        name=plan.name if plan else wanted.schedule,
        branch=wanted.branch or (plan.branch if plan else None),
        pull_request=wanted.pull_request,
        commands=wanted.commands or (plan.commands if plan else ()),
        overridden=bool(wanted.commands),
        continue_on_error=wanted.continue_on_error,
        asked_by=request.user,
        asked_at=request.asked_at,
        request=request.id,
        usual_s=plan.usual_s if plan and not wanted.commands else None,
        approved_by=request.approved_by,
        reason=wanted.reason,
    )


def _retry_facts(request: Request, plan: StartPlan, *, only_failed: bool) -> RunFacts:
    """A retry is as its run was. How long the schedule usually takes says nothing of it."""
    return RunFacts(
        schedule=plan.slug,
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
    """What a listing tells of a run that is in the way."""
    return BlockingRun(
        run_id=run.id,
        by=run.actor_email or run.actor,
        started_at=run.started_at,
        branch=run.branch,
        pull_request=pull_request_of(run),
        parent_run=run.parent_run_id,
    )


def pull_request_of(run: RunSummary) -> int | None:
    """The number of a run's pull request. Bolt lists it as a text."""
    text = run.pull_request or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def blocking_run_facts(running: BlockingRun, plan: StartPlan | None) -> RunFacts:
    """What is known of a run that is in the way, before anybody has looked at it."""
    return RunFacts(
        schedule=plan.slug if plan else "",
        name=plan.name if plan else "",
        branch=running.branch,
        pull_request=running.pull_request,
        asked_at=running.started_at,
        parent_run=running.parent_run,
        # How long the schedule takes says nothing of a retry.
        usual_s=plan.usual_s if plan and not running.parent_run else None,
        actor=running.by or None,
    )


def start_reason(request: Request) -> str:
    """What Bolt's own record says of a start: who, from where, why, and our request's id."""
    why = request.wanted.reason if isinstance(request.wanted, RunCommand) else None
    name = request.plan.channel_name if request.plan else ""
    private = request.plan is not None and request.plan.private
    where = " in a private channel" if private else f" in #{name}" if name else ""
    asked = f"{request.user_name or request.user} from Slack{where} (request {request.id})"
    return f"{why} - {asked}" if why else f"Started by {asked}"


def candidate_runs(
    request: Request, runs: Sequence[RunSummary], *, actor: str | None, known: frozenset[int], within_s: float
) -> tuple[int, ...]:
    """The runs that a start whose reply was lost may have made, oldest first.

    Above the mark, on our branch where both are told, nobody's already, and by our own actor. Where that is not
    known yet, a run that began `within_s` seconds of the sending must do. A run that names the one that was to be
    retried goes before any other, and one that names another is none.
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
    """Another start of the schedule that was sent, and of which it is not known what became of it."""

    sent_at: datetime
    parent_run: int | None = None
    branch: str | None = None


def is_contested(request: Request, run: RunSummary, rivals: Sequence[Rival]) -> bool:
    """Whether a run may as well be of another start: it's on that one's branch, and began when that had been sent already.

    One that names the run that was to be retried can only be of those that retry the same.
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
    """Whether a run began before ours was sent, by more than the clocks may be apart."""
    if request.sending_at is None or run.started_at is None:
        return False
    return (request.sending_at - run.started_at).total_seconds() > CLOCKS_S


def _began_then(request: Request, run: RunSummary, within_s: float) -> bool:
    if request.sending_at is None or run.started_at is None:
        return True
    return abs((run.started_at - request.sending_at).total_seconds()) <= within_s


def branch_wanted(wanted: StartCommand, plan: StartPlan | None) -> str | None:
    """The branch or commit that a run of this is on: the one asked for, else the schedule's; None if it isn't known."""
    given = wanted.branch if isinstance(wanted, RunCommand) else None
    return given or (plan.branch if plan else None)


def _branch_fits(request: Request, run: RunSummary) -> bool:
    return _is_on(branch_wanted(request.wanted, request.plan), run)


def _is_on(wanted: str | None, run: RunSummary) -> bool:
    """Whether a run may be on a branch or commit: also if either isn't known."""
    if wanted is None or (run.branch is None and run.commit is None):
        return True
    return wanted == run.branch or bool(run.commit and run.commit.startswith(wanted.lower()) and len(wanted) >= 7)
