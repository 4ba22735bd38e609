"""*Whole log in the thread*, *Stop following*, *All failed nodes* and *Slowest nodes*.

`bot.flows.logs` answers; `bot.flows.tail_log` stops a live log.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.core.model.asker import Asker
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import FAILED_NODES, SLOWEST_NODES, STOP_TAIL, WHOLE_LOG, PartButton
from bot.slack.actions.run_detail import Does, listen
from bot.slack.listener_context import ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""
    listen(app, context, WHOLE_LOG, _whole, Does(Action.LOGS, "post log of", posts=True), first=True)
    listen(app, context, STOP_TAIL, _stop, Does(Action.LOGS, "stop following"), first=True)
    listen(app, context, FAILED_NODES, _failed_nodes, Does(Action.READ, "failed nodes of"), first=True)
    listen(app, context, SLOWEST_NODES, _slowest, Does(Action.READ, "slowest nodes of"), first=True)


async def _whole(context: ListenerContext, asker: Asker, part: PartButton) -> Message:
    answer = await context.logs.post_whole_log(asker, part)
    context.wake_posts()
    return answer


async def _stop(context: ListenerContext, asker: Asker, part: PartButton) -> Message:
    return await context.tail_log.stop_tail(part.key, asker.channel)


async def _failed_nodes(context: ListenerContext, _asker: Asker, part: PartButton) -> Message:
    return await context.logs.failed_nodes(part.key)


async def _slowest(context: ListenerContext, _asker: Asker, part: PartButton) -> Message:
    return await context.logs.slowest_nodes(part.key)
