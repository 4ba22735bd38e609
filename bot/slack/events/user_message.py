"""Handle a command in a message to the bot only once, no matter how often Slack delivers it.

`bot_mention` (channels and threads) and `direct_message` decide whether a message is for the bot.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from slack_bolt.response import BoltResponse

from bot.core.commands.guess import Guess
from bot.core.commands.guess import read as read_line
from bot.core.commands.tokens import LINE_MOST
from bot.core.commands.values import GRAPHQL_INT
from bot.core.model.asker import Asker
from bot.core.model.command import CancelCommand, Command, HelpCommand, RetryCommand, RunCommand, RunForm
from bot.core.model.delivery import DeliveryState
from bot.core.model.errors import BadCommand, StoreUnavailable
from bot.core.model.request import start_in_words
from bot.core.model.run import CardRef
from bot.core.text.message import Message
from bot.core.text.text import Bold
from bot.slack import commands
from bot.slack.affiliation import Affiliation, affiliation_in_payload
from bot.slack.identity import Identity
from bot.slack.listener_context import Call, ListenerContext

log = structlog.get_logger()

Json = Mapping[str, Any]
# Together with finding a thread's run and recording a start, this has to stay under the 3 s that Slack waits.
MARK_S = 0.3
# Subtypes of messages that a person has just written. All others report something else: an edit, a deletion, a bot.
WRITTEN = frozenset({None, "", "thread_broadcast", "file_share"})
# Slack itself, whose messages look like a person's.
SLACKBOT = "USLACKBOT"
# Placeholder for a thread's run that hasn't been looked up yet.
SOME_RUN = GRAPHQL_INT


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A message that a person wrote.

    `affiliation`: the writer's workspace and organization, as the event reports them.
    """

    asker: Asker
    ts: str
    text: str
    affiliation: Affiliation

    @property
    def delivery(self) -> str:
        """A key that is the same for every delivery of the message, in any event."""
        return f"message:{self.asker.channel}:{self.ts}"


def read_message(body: Json, event: Json, me: Identity) -> UserMessage | None:
    """Read the message of an event.

    Returns None for an edit, a bot's message, or any other message that a person didn't just write.
    """
    user, channel, ts = (str(event.get(name) or "") for name in ("user", "channel", "ts"))
    by_a_bot = event.get("bot_id") or event.get("bot_profile") or user in {me.bot_user, SLACKBOT}
    if by_a_bot or event.get("edited") or event.get("hidden") or event.get("subtype") not in WRITTEN:
        return None
    if not (user and channel and ts):
        return None
    thread = str(event.get("thread_ts") or "")
    asker = Asker(me.team, user, channel, thread="" if thread == ts else thread)
    # One character more than a command may have, so that a longer one is refused as too long.
    return UserMessage(asker, ts, str(event.get("text") or "")[: LINE_MOST + 1], affiliation_in_payload(body))


async def handle_message(context: ListenerContext, message: UserMessage, text: str) -> BoltResponse | None:
    """Handle a message before the acknowledgement. Not acknowledged while another delivery of it is being handled.

    If that delivery's process dies, Slack delivers the message again.
    """
    state = await _begin(context, message.delivery)
    if state is DeliveryState.BEGUN:
        return BoltResponse(status=503, body="")
    if state is DeliveryState.DONE:
        return None
    names = (context.prefix, context.me.name)
    context = replace(context, prefix=f"@{context.me.name}")
    try:
        answer = await _answer(context, message, text, names)
    except Exception as error:  # noqa: BLE001 - the person gets the reference that is logged
        context.later(_raise(error), message.asker)
    else:
        if answer is not None:
            context.later(context.tell(message.asker, answer), message.asker)
    if state is DeliveryState.NEW:
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(MARK_S):
                await context.messages.done(message.delivery)
    return None


async def _begin(context: ListenerContext, delivery: str) -> DeliveryState | None:
    """Mark the start of handling.

    Returns None if Redis can't be reached: then nothing can be changed, and reads may be answered twice.
    """
    try:
        async with asyncio.timeout(MARK_S):
            return await context.messages.begin(delivery)
    except (StoreUnavailable, TimeoutError):
        return None


async def _answer(context: ListenerContext, message: UserMessage, text: str, names: Sequence[str]) -> Message | None:
    why_not = await context.guard.why_not(message.asker.user, message.affiliation)
    if why_not:
        return Message((why_not,))
    call = Call(message.asker, message.delivery)
    try:
        call, command = await _read_command(context, call, text, names)
    except BadCommand as bad:
        return Message((bad.sentence,))
    answer = await commands.handle_read(context, call, command)
    if answer is None and message.asker.thread and isinstance(command, RunCommand | RetryCommand):
        # The card isn't visible to someone who is looking at a thread.
        return Message(("Starting ", Bold(start_in_words(command)), "; its card will appear outside this thread."))
    return answer


async def _read_command(
    context: ListenerContext, call: Call, text: str, names: Sequence[str]
) -> tuple[Call, Command | Guess]:
    """Parse the command in a message. If the command needs its thread's run, that run is found first. Raises BadCommand."""
    asker = call.asker
    named = _parse(text, context.prefix, None, names)
    meant = _parse(text, context.prefix, SOME_RUN, names) if asker.thread else named
    if isinstance(meant, BadCommand):
        raise meant
    if meant == named:
        return call, meant
    subject = await context.thread_subjects.subject_of(asker.team, CardRef(asker.channel, asker.thread))
    if (subject.queued or subject.pending) and isinstance(meant, CancelCommand):
        return replace(call, queued=subject.queued, pending=subject.pending), meant
    if subject.why:
        raise BadCommand(subject.why)
    if subject.run is None:
        if isinstance(named, BadCommand):
            raise named
        return call, named
    return replace(call, lost=subject.lost), read_line(text, context.prefix, run_id=subject.run.id, names=names)


def _parse(text: str, prefix: str, run_id: int | None, names: Sequence[str]) -> Command | Guess | BadCommand:
    try:
        meant = read_line(text, prefix, run_id=run_id, names=names)
    except BadCommand as bad:
        return bad
    # A mention alone asks for help. The slash command alone opens a form, which isn't possible from a message.
    return HelpCommand() if isinstance(meant, RunForm) and not text.strip() else meant


async def _raise(error: Exception) -> None:
    raise error
