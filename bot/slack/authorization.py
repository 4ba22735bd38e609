"""The policy is asked anew for each command and each click, before anything is done. Starts are asked about where they are looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace

import structlog

from bot.core.model.command import (
    ArtifactsCommand,
    AuditCommand,
    CancelCommand,
    Command,
    HistoryCommand,
    ListCommand,
    LogsCommand,
    RunsCommand,
    ShowCommand,
    StatusCommand,
    SuspendCommand,
    canonical,
)
from bot.core.model.errors import StoreAway
from bot.core.model.request import request_id
from bot.core.model.run import RunKey
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action, Decision
from bot.core.text.message import Message
from bot.core.views.store_unavailable import unchecked
from bot.flows.authorize import CHECK_S, Deed, action_of
from bot.flows.ports.slack import Asker
from bot.slack.listener_context import Call, Desk

log = structlog.get_logger()


def deed(call: Call, action: Action, text: str, *, posts: bool = False) -> Deed:
    """What somebody is about to do, in words."""
    asker = call.asker
    return Deed(asker, action, text, request_id(asker.team, call.delivery), call.user_name, posts)


async def refused(desk: Desk, call: Call, command: Command) -> Message | None:
    """Why a command is not done, None where it may be, or where it is asked about later, as a start is."""
    if call.waiting is not None or call.pending is not None:
        # It is about a start, which has no run yet: that is asked about where it is taken back.
        return None
    asking = _asking(desk, call, command)
    return None if asking is None else await unless_allowed(desk, *asking)


async def unless_allowed(desk: Desk, about: Deed, asking: Awaitable[Decision]) -> Message | None:
    """Why it is not done, None where it may be."""
    try:
        async with asyncio.timeout(CHECK_S):
            decision = await asking
    except (StoreAway, TimeoutError) as error:
        log.warning("could not be checked in time", action=about.action, user=about.asker.user)
        return Message((unchecked(error),))
    if decision.allowed:
        return None
    log.warning("refused", action=about.action, user=about.asker.user, channel=about.asker.channel, rule=decision.rule)
    return Message((refusal(decision, about.action, desk.command),))


async def unless_allowed_run(desk: Desk, about: Deed, key: RunKey) -> Message | None:
    """The same of something that is done with a run."""
    return await unless_allowed(desk, about, desk.gate.of_run(about, key))


def _asking(desk: Desk, call: Call, command: Command) -> tuple[Deed, Awaitable[Decision]] | None:
    gate, text = desk.gate, canonical(command)
    if of_run := _of_run(command):
        about = deed(call, of_run.action, text, posts=of_run.posts)
        return about, gate.of_run(about, RunKey(desk.workspace, of_run.run_id))
    if of_schedule := _of_schedule(command):
        about = deed(call, of_schedule.action, text)
        return about, gate.of_schedule(about, of_schedule.name)
    match command:
        case StatusCommand() | ListCommand():
            about = deed(call, Action.READ, text)
        case AuditCommand():
            about = deed(call, Action.AUDIT, text)
        case _:
            return None
    return about, gate.plain(about)


@dataclass(frozen=True, slots=True)
class _OfRun:
    action: Action
    run_id: int
    posts: bool = False


@dataclass(frozen=True, slots=True)
class _OfSchedule:
    action: Action
    name: str


def _of_run(command: Command) -> _OfRun | None:
    match command:
        case CancelCommand(run_id):
            return _OfRun(Action.CANCEL, run_id)
        case LogsCommand(run_id=run_id, follow=follow):
            return _OfRun(Action.LOGS, run_id, posts=follow)
        case ArtifactsCommand(run_id):
            return _OfRun(Action.ARTIFACTS, run_id)
        case StatusCommand(run_id=int(run_id)):
            return _OfRun(Action.READ, run_id)
        case _:
            return None


def _of_schedule(command: Command) -> _OfSchedule | None:
    match command:
        case StatusCommand(schedule=str(name)) | ShowCommand(name) | RunsCommand(name) | HistoryCommand(name):
            return _OfSchedule(Action.READ, name)
        case SuspendCommand(schedule=name):
            return _OfSchedule(Action.PAUSE, name)
        case _:
            return None


async def unless_allowed_waiting(desk: Desk, call: Call, request: str) -> Message | None:
    """Why somebody may not take a start out of its line. Whoever asked for it may always take it back."""
    try:
        async with asyncio.timeout(CHECK_S):
            waiting = await desk.requests.load(request)
    except (StoreAway, TimeoutError) as error:
        return Message((unchecked(error),))
    if waiting is None or waiting.look is None or waiting.user == call.asker.user:
        return None
    about = deed(call, Action.CANCEL, f"drop {canonical(waiting.wanted)}")
    return await unless_allowed(desk, about, desk.gate.of_look(about, waiting, waiting.look))


def queued_id(asker: Asker, refused: str) -> str:
    """The id of the start that waits instead of a refused one: also where the refusal, and so its button, was told twice."""
    return request_id(asker.team, f"queue:{asker.user}:{refused}")


async def unless_allowed_queue(desk: Desk, call: Call, refused_request: str) -> Message | None:
    """Why somebody may not let the start wait that was refused because another run goes on."""
    try:
        async with asyncio.timeout(CHECK_S):
            earlier = await desk.requests.load(refused_request)
    except (StoreAway, TimeoutError) as error:
        return Message((unchecked(error),))
    if earlier is None or earlier.look is None:
        return None
    # Its card comes where it was asked for, where its asker is answered by direct message.
    direct = earlier.direct and earlier.user == call.asker.user
    asker = replace(call.asker, channel=earlier.channel) if direct else call.asker
    what = f"queue {canonical(earlier.wanted)}"
    about = Deed(asker, action_of(earlier), what, queued_id(call.asker, refused_request), call.user_name, posts=True)
    return await unless_allowed(desk, about, desk.gate.of_look(about, earlier, earlier.look))
