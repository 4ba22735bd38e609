"""`run <schedule>` and `retry <run id or schedule>`: start a run.

`bot.flows.start` takes a start from its acceptance to its run. `bot.flows.plan_start` decides which run a retry
repeats.
"""

from __future__ import annotations

from bot.core.model.command import RetryCommand, RunCommand, StartCommand
from bot.core.model.request import Origin, request_id
from bot.core.model.start import NewRequest
from bot.core.text.message import Message
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (RunCommand, RetryCommand)


def asks(command: StartCommand) -> None:
    """Ask nothing yet: the policy is asked once the start is planned."""


async def handle(
    context: ListenerContext, call: Call, command: StartCommand, *, origin: Origin | None = None, incident: str = ""
) -> Message | None:
    """Record the start; its card follows.

    `origin` has the card button's facts about the run to retry. If the start is requested from an
    incident's message, which then shows it, `incident` is that incident's schedule.
    """
    asker = call.asker
    return await context.ask.accept_start(
        NewRequest(
            id=request_id(asker.team, call.delivery),
            team=asker.team,
            channel=asker.channel,
            user=asker.user,
            user_name=call.user_name,
            start_command=command,
            response_url=asker.response_url,
            thread=asker.thread,
            origin=origin or _lost(call, command),
            incident=incident,
        )
    )


def _lost(call: Call, command: StartCommand) -> Origin | None:
    """Return the card in whose thread the retry was typed, if Redis has lost that card's record."""
    lost = call.lost
    if lost is None or not isinstance(command, RetryCommand) or command.run_id != lost.run.key.id:
        return None
    return Origin(lost.run.facts, lost.card)
