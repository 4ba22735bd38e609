"""Shared handling of buttons that concern part of a run: parse the value and check that it's from our workspace."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.asker import Asker
from bot.core.model.errors import BadCommand, StoreUnavailable
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import PartButton, read_part_value
from bot.core.views.store_unavailable import database
from bot.slack.authorization import attempt_of, run_denial
from bot.slack.listener_context import Call, ListenerContext, click_call, replace_or_tell

# Together with the policy's time, this has to stay under the 3 s that Slack waits.
RECORD_S = 2.5
ELSEWHERE = "That run belongs to another Bolt workspace. Open it in Bolt."
NOT_DONE = "Nothing was done. Click again in a minute."

OnClick = Callable[[ListenerContext, Asker, PartButton], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class Does:
    """A click's action for the policy, and its description. `posts`: everyone in the channel sees its effect."""

    action: Action
    text: str
    posts: bool = False


def listen(
    app: AsyncApp,
    context: ListenerContext,
    action: str,
    on_click: OnClick,
    does: Does,
    *,
    first: bool,
    replaces: bool = False,
) -> None:
    """Listen to a button, and to buttons whose action id is its own with a number added.

    With `first`, a click's effect is recorded before the acknowledgement; otherwise it's carried out afterward,
    because it takes longer. With `replaces`, the answer replaces the button's message.
    """

    async def clicked(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        asker, work = call.asker, _click(context, call, action.get("value") or "", on_click, does)
        if not first:
            await ack()
            context.later(_tell(context, asker, work, replaces=replaces), asker)
            return
        try:
            async with asyncio.timeout(RECORD_S):
                answer = await work
        except (StoreUnavailable, TimeoutError) as error:
            answer = Message((f"{database(error)} {NOT_DONE}",))
        await ack()
        context.later(context.tell(asker, answer), asker)

    app.action(re.compile(rf"^{re.escape(action)}(\.\w+)?$"))(clicked)


async def _click(context: ListenerContext, call: Call, value: str, on_click: OnClick, does: Does) -> Message:
    try:
        part = read_part_value(value)
    except BadCommand as bad:
        return Message((bad.sentence,))
    if part.key.workspace != context.workspace:
        return Message((ELSEWHERE,))
    attempt = attempt_of(call, does.action, f"{does.text} {part.key.id}", posts=does.posts)
    return await run_denial(context, attempt, part.key) or await on_click(context, call.asker, part)


async def _tell(context: ListenerContext, asker: Asker, work: Awaitable[Message], *, replaces: bool) -> None:
    answer = await work
    # An answer without blocks is an error: keep the message that is shown.
    if replaces and answer.blocks:
        await replace_or_tell(context, asker, answer)
    else:
        await context.tell(asker, answer)
