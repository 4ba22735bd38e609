"""Check the policy for each command and click before acting on it. Starts are checked when they're resolved.

`bot.flows.authorize` gathers the facts and records the decision; `bot.core.policy.decision` decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.core.model.asker import Asker
from bot.core.model.command import canonical
from bot.core.model.errors import StoreUnavailable
from bot.core.model.incident import Incident
from bot.core.model.request import request_id
from bot.core.model.run import RunKey
from bot.core.policy.decision import Decision, Verdict
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.retry_failing import to_retry
from bot.core.views.store_unavailable import unchecked
from bot.flows.authorize import CHECK_S, Attempt, action_of
from bot.slack.listener_context import Call, ListenerContext

log = structlog.get_logger()


def attempt_of(call: Call, action: Action, text: str, *, posts: bool = False) -> Attempt:
    """Describe an action that a person is about to take."""
    asker = call.asker
    return Attempt(asker, action, text, request_id(asker.team, call.delivery), call.user_name, posts)


async def denial(
    context: ListenerContext, attempt: Attempt, asking: Awaitable[Decision], *, doing: str = ""
) -> Message | None:
    """Return why an action is denied, or None if it's allowed.

    `doing`: what the person wants, if it's more specific than the action.
    """
    try:
        async with asyncio.timeout(CHECK_S):
            decision = await asking
    except (StoreUnavailable, TimeoutError) as error:
        log.warning("a request couldn't be checked in time", action=attempt.action, user=attempt.asker.user)
        return Message((unchecked(error),))
    if decision.allowed:
        return None
    log.warning(
        "refused", action=attempt.action, user=attempt.asker.user, channel=attempt.asker.channel, rule=decision.rule
    )
    return Message((refusal(decision, attempt.action, context.prefix, doing=doing),))


async def run_denial(context: ListenerContext, attempt: Attempt, key: RunKey) -> Message | None:
    """Return why an action on a run is denied, or None if it's allowed."""
    return await denial(context, attempt, context.gate.decide_on_run(attempt, key))


async def retry_refusals(context: ListenerContext, call: Call, incidents: Sequence[Incident]) -> dict[str, str]:
    """Return why a person can't retry the runs of incidents, by schedule. Raises StoreUnavailable."""
    found = to_retry(incidents)
    if not found:
        return {}
    attempt = attempt_of(call, Action.RETRY, "retry --failing", posts=True)
    decisions = await context.gate.decide_on_slugs(attempt, {one.schedule: one.name for one in found})
    # A retry that needs approval asks for it once it's requested.
    return {
        slug: refusal(decision, Action.RETRY, context.prefix)
        for slug, decision in decisions.items()
        if decision.verdict in {Verdict.DENY, Verdict.UNKNOWN}
    }


@dataclass(frozen=True, slots=True)
class OfRun:
    """A command about a run. `posts`: its effect is visible to everyone in the channel."""

    action: Action
    run_id: int
    posts: bool = False

    def decision(self, context: ListenerContext, attempt: Attempt) -> Awaitable[Decision]:
        """Ask the policy."""
        return context.gate.decide_on_run(attempt, RunKey(context.workspace, self.run_id))


@dataclass(frozen=True, slots=True)
class OfSchedule:
    """A command about a schedule, by its name or slug."""

    action: Action
    name: str
    posts: bool = False

    def decision(self, context: ListenerContext, attempt: Attempt) -> Awaitable[Decision]:
        """Ask the policy."""
        return context.gate.decide_on_schedule(attempt, self.name)


@dataclass(frozen=True, slots=True)
class OfChannel:
    """A command about neither a run nor a schedule: only the person and the channel matter. `doing`: see `denial`."""

    action: Action
    posts: bool = False
    doing: str = ""

    def decision(self, context: ListenerContext, attempt: Attempt) -> Awaitable[Decision]:
        """Ask the policy."""
        return context.gate.decide_without_schedule(attempt)


# The question for the policy that precedes a command.
Asks = OfRun | OfSchedule | OfChannel


async def drop_denial(context: ListenerContext, call: Call, request: str) -> Message | None:
    """Return why a person may not drop a queued start, or None. The person who asked for it may always drop it."""
    try:
        async with asyncio.timeout(CHECK_S):
            queued = await context.requests.load_request(request)
    except (StoreUnavailable, TimeoutError) as error:
        return Message((unchecked(error),))
    if queued is None or queued.plan is None or queued.user == call.asker.user:
        return None
    attempt = attempt_of(call, Action.CANCEL, f"drop {canonical(queued.start_command)}")
    return await denial(context, attempt, context.gate.decide_on_plan(attempt, queued, queued.plan))


def queued_id(asker: Asker, refused_request: str) -> str:
    """Return the id of the queued start that replaces a refused one, the same even if the refusal was shown twice."""
    return request_id(asker.team, f"queue:{asker.user}:{refused_request}")


async def queue_denial(context: ListenerContext, call: Call, refused_request: str) -> Message | None:
    """Return why a start that was refused because of another active run may not be queued, or None."""
    try:
        async with asyncio.timeout(CHECK_S):
            earlier = await context.requests.load_request(refused_request)
    except (StoreUnavailable, TimeoutError) as error:
        return Message((unchecked(error),))
    if earlier is None or earlier.plan is None:
        return None
    # The start's card is posted where it was asked for, even if the person was answered by direct message.
    direct = earlier.direct and earlier.user == call.asker.user
    asker = replace(call.asker, channel=earlier.channel) if direct else call.asker
    what = f"queue {canonical(earlier.start_command)}"
    attempt = Attempt(
        asker, action_of(earlier), what, queued_id(call.asker, refused_request), call.user_name, posts=True
    )
    return await denial(context, attempt, context.gate.decide_on_plan(attempt, earlier, earlier.plan))
