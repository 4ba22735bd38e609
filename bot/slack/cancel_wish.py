"""Record that somebody wants to cancel a run, for the button and the command.

`bot.flows.cancel` carries the wish out.
"""

from __future__ import annotations

import asyncio

from bot.core.model.asker import Asker
from bot.core.model.errors import StoreUnavailable
from bot.core.model.run import CardRef, RunFacts, RunKey
from bot.core.text.message import Message
from bot.core.views.store_unavailable import unrecorded
from bot.slack.listener_context import ListenerContext

RECORD_S = 1.0


async def take_wish(
    context: ListenerContext, asker: Asker, key: RunKey, *, facts: RunFacts | None = None, card: CardRef | None = None
) -> Message | None:
    """Record the wish, before the acknowledgement if that needs no call to Bolt.

    Returns an answer if somebody has already asked for this.
    """
    try:
        async with asyncio.timeout(RECORD_S):
            kept, answer = await context.cancel.record_wish(asker, key, facts=facts, card=card)
    except (StoreUnavailable, TimeoutError) as error:
        return Message((_unrecorded(error, key),))
    if not kept:
        context.later(_ask_bolt(context, asker, key), asker)
    elif answer is None:
        context.wake_cancels()
    return answer


async def _ask_bolt(context: ListenerContext, asker: Asker, key: RunKey) -> None:
    """Look up in Bolt a run that we have no record of, to check that it exists."""
    try:
        answer = await context.cancel.request_cancel(asker, key)
    except StoreUnavailable as away:
        answer = Message((_unrecorded(away, key),))
    if answer is None:
        context.wake_cancels()
    else:
        await context.tell(asker, answer)


def _unrecorded(error: StoreUnavailable | TimeoutError, key: RunKey) -> str:
    again = f"If run {key.id} is still running in a minute, try again."
    return unrecorded(error, nothing=f"Run {key.id} keeps running.", otherwise=again)
