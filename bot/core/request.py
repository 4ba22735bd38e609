"""A request: what a person asked for, from its acceptance to its end."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.bolt import RunSummary
from bot.core.command import RunCommand
from bot.core.run import CardRef, RunFacts

# How far the clocks of Bolt and Redis may be apart.
CLOCKS_S = 15.0


class State(StrEnum):
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


@dataclass(frozen=True, slots=True)
class Look:
    """What the look found: the schedule, and the newest run id before our start (`mark`, 0 without runs)."""

    slug: str
    name: str
    mark: int
    commands: tuple[str, ...] = ()
    branch: str | None = None
    usual_s: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A start as it is recorded. `thread` is the one in which it was asked for.

    `why` is the sentence of a refusal, `near` the slugs that may have been meant. `candidates` are the runs that
    may be ours; at a refusal because one is running, that run. `direct`: answered by direct message.
    """

    id: str
    team: str
    channel: str
    user: str
    user_name: str
    wanted: RunCommand
    asked_at: datetime
    response_url: str = field(default="", repr=False)
    state: State = State.ACCEPTED
    rev: int = 1
    look: Look | None = None
    card: CardRef | None = None
    sending_at: datetime | None = None
    run_id: int | None = None
    why: str = ""
    candidates: tuple[int, ...] = ()
    near: tuple[str, ...] = ()
    thread: str = ""
    direct: bool = False

    @property
    def key(self) -> str:
        """What the card's metadata carries, so that a post whose reply was lost can be found."""
        return f"start:{self.id}"


def request_id(team: str, delivery: str) -> str:
    """A short name for a delivery: the same delivery always gets the same one."""
    digest = hashlib.sha256(f"{team}/{delivery}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def run_facts(request: Request) -> RunFacts:
    """What a request tells of the run it starts."""
    look = request.look
    wanted = request.wanted
    return RunFacts(
        schedule=look.slug if look else wanted.schedule,
        name=look.name if look else wanted.schedule,
        branch=wanted.branch or (look.branch if look else None),
        pull_request=wanted.pull_request,
        commands=wanted.commands or (look.commands if look else ()),
        overridden=bool(wanted.commands),
        asked_by=request.user,
        asked_at=request.asked_at,
        request=request.id,
        usual_s=look.usual_s if look and not wanted.commands else None,
    )


def reason(request: Request, channel_name: str = "") -> str:
    """What Bolt's own record says of a start: who, from where, why, and our request's id."""
    where = f" in #{channel_name}" if channel_name else ""
    asked = f"{request.user_name or request.user} from Slack{where} (request {request.id})"
    return f"{request.wanted.reason} - {asked}" if request.wanted.reason else f"Started by {asked}"


def candidates(
    request: Request, runs: Sequence[RunSummary], *, actor: str | None, known: frozenset[int], within_s: float
) -> tuple[int, ...]:
    """The runs that a start whose reply was lost may have made, oldest first.

    Above the mark, on our branch where both are told, nobody's already, and by our own actor. Where that is not
    known yet, a run that began `within_s` seconds of the sending must do.
    """
    mark = request.look.mark if request.look else 0
    fits = [
        run.id
        for run in runs
        if run.id > mark
        and run.id not in known
        and (run.actor == actor and not _began_before(request, run) if actor else _began_then(request, run, within_s))
        and _branch_fits(request, run)
    ]
    return tuple(sorted(fits))


def contested(run: RunSummary, rivals: Sequence[datetime]) -> bool:
    """Whether a run may as well be of another start: it began when that one had been sent already (`rivals`: when)."""
    return any(run.started_at is None or (sent - run.started_at).total_seconds() <= CLOCKS_S for sent in rivals)


def _began_before(request: Request, run: RunSummary) -> bool:
    """Whether a run began before ours was sent, by more than the clocks may be apart."""
    if request.sending_at is None or run.started_at is None:
        return False
    return (request.sending_at - run.started_at).total_seconds() > CLOCKS_S


def _began_then(request: Request, run: RunSummary, within_s: float) -> bool:
    if request.sending_at is None or run.started_at is None:
        return True
    return abs((run.started_at - request.sending_at).total_seconds()) <= within_s


def _branch_fits(request: Request, run: RunSummary) -> bool:
    wanted = request.wanted.branch or (request.look.branch if request.look else None)
    if wanted is None or (run.branch is None and run.commit is None):
        return True
    return wanted == run.branch or bool(run.commit and run.commit.startswith(wanted.lower()) and len(wanted) >= 7)
