"""Dependencies of the listeners, and how they answer.

The flows are built in `bot.wiring.listeners`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from bot.core.model.asker import Asker
from bot.core.model.errors import SlackError
from bot.core.text.message import Message
from bot.flows.accept_start import StartAccepter
from bot.flows.active_runs import ActiveRuns
from bot.flows.answer_guess import GuessAnswerer
from bot.flows.approve import StartApprovals
from bot.flows.artifacts import Artifacts
from bot.flows.audit_query import AuditQuery
from bot.flows.authorize import Authorizer
from bot.flows.cancel import RunCanceller
from bot.flows.channel_permission import ChannelPermissions
from bot.flows.channel_watches import ChannelWatches
from bot.flows.complete_run_form import RunForms
from bot.flows.complete_watch_form import WatchForms
from bot.flows.follow_run import FollowRequestHandler
from bot.flows.handle_incident import IncidentHandler
from bot.flows.handle_outage import OutageHandler
from bot.flows.history import HistoryPoster
from bot.flows.home import HomePublisher
from bot.flows.list_failing import FailingLister
from bot.flows.logs import CommandLogs
from bot.flows.pause_schedule import SchedulePauser
from bot.flows.ports.slack import Chat, People
from bot.flows.ports.store import Deduplication, Requests, Runs
from bot.flows.ports.watch_store import Watches
from bot.flows.private_replies import PrivateReplies
from bot.flows.read_schedules import ScheduleReader
from bot.flows.set_digest import DigestSetter
from bot.flows.start_queue import QueuedStarts
from bot.flows.status import StatusReader
from bot.flows.tail_log import LogTailer
from bot.flows.thread_subject import LostCard, ThreadSubjects
from bot.flows.watch_schedules import ScheduleWatcher
from bot.slack.affiliation import Affiliation
from bot.slack.identity import Identity

log = structlog.get_logger()

# Slack limits private answers per minute, and a message has no acknowledgement that could carry one instead.
AGAIN_S = (5.0, 30.0, 60.0)

Payload = Mapping[str, Any]
# Renders a message as the keyword arguments of ack() or respond(): text and blocks, masked.
Render = Callable[[Message], dict[str, Any]]
# Runs a person's request after the acknowledgement, tracked until it's done.
Later = Callable[[Awaitable[None], Asker], None]


class ExternalGuard(Protocol):
    """Refuses people from other organizations."""

    async def why_not(self, user: str, affiliation: Affiliation) -> str:
        """Return why a person is refused, or an empty string if they aren't."""


class Views(Protocol):
    """Slack's modals. A modal's content is masked before it's sent."""

    async def open_view(self, trigger_id: str, view: dict[str, Any]) -> str:
        """Open a modal. Returns its id. A trigger_id is valid for 3 s, and only once."""

    async def update_view(self, view_id: str, view: dict[str, Any]) -> None:
        """Replace a modal's content."""

    def view(self, view: dict[str, Any]) -> dict[str, Any]:
        """Mask a modal for an acknowledgement."""


@dataclass(frozen=True, slots=True)
class ListenerContext:
    """The flows that listeners call.

    `prefix` is the text that commands in messages begin with: the slash command, or the bot's own name after a mention.
    `wake_…` wakes the worker for the work that was just recorded.
    """

    prefix: str
    me: Identity
    workspace: str
    gate: Authorizer
    guard: ExternalGuard
    people: People
    approvals: StartApprovals
    record: AuditQuery
    ask: StartAccepter
    cancel: RunCanceller
    status: StatusReader
    active: ActiveRuns
    guesses: GuessAnswerer
    home: HomePublisher
    channel_permissions: ChannelPermissions
    forms: RunForms
    watch_forms: WatchForms
    views: Views
    follow_run: FollowRequestHandler
    queue: QueuedStarts
    requests: Requests
    runs: Runs
    answers: PrivateReplies
    chat: Chat
    render: Render
    later: Later
    wake_cancels: Callable[[], None]
    messages: Deduplication
    thread_subjects: ThreadSubjects
    schedules: ScheduleReader
    histories: HistoryPoster
    pause: SchedulePauser
    logs: CommandLogs
    artifacts: Artifacts
    tail_log: LogTailer
    wake_live_logs: Callable[[], None]
    wake_posts: Callable[[], None]
    watcher: ScheduleWatcher
    watch_store: Watches
    watches: ChannelWatches
    incidents: IncidentHandler
    digests: DigestSetter
    outages: OutageHandler
    failing: FailingLister

    async def tell(self, asker: Asker, message: Message) -> None:
        """Answer privately, through `later`. If Slack doesn't accept the answer, it's retried for some minutes."""
        message = await self.gate.with_allowed_buttons(asker, message)
        for pause_s in AGAIN_S:
            if await self.answers.reply_privately(asker, message):
                return
            await asyncio.sleep(pause_s)
        if not await self.answers.reply_privately(asker, message):
            log.error("gave up on a private reply", user=asker.user, channel=asker.channel)


@dataclass(frozen=True, slots=True)
class Call:
    """A command as received: typed after the slash command, or in a message to the bot.

    `delivery` is the same if Slack delivers the command twice. `trigger_id` opens a dialog within 3 s, and is empty if
    Slack sends none. If it was typed in a card's thread, `lost` is the card if Redis has lost its record, `queued` is
    the start if it's queued, and `pending` is the start if it's waiting for approval.
    """

    asker: Asker
    delivery: str
    user_name: str = ""
    trigger_id: str = ""
    lost: LostCard | None = None
    queued: str | None = None
    pending: str | None = None


def slash_call(body: Payload, team: str) -> Call:
    """Read a slash command. A repeated delivery has the same trigger_id. `team` is our own (see `click_asker`)."""
    asker = Asker(team, body["user_id"], body["channel_id"], body.get("response_url", ""))
    trigger_id = body.get("trigger_id") or ""
    delivery = trigger_id or f"{asker.user}:{asker.response_url}"
    return Call(asker, delivery, body.get("user_name", ""), trigger_id)


def click_call(body: Payload, action: Payload, team: str) -> Call:
    """Read a click. Each click is a delivery of its own. `team` is our own (see `click_asker`)."""
    asker, user = click_asker(body, team), body["user"]
    delivery = f"click:{asker.user}:{asker.channel}:{click_message(body)}:{action.get('action_ts', '')}"
    return Call(asker, delivery, user.get("name") or user.get("username") or "", body.get("trigger_id") or "")


async def replace_or_tell(context: ListenerContext, asker: Asker, message: Message) -> None:
    """Replace the private message whose button was clicked. If Slack refuses that, send another private message."""
    if asker.response_url:
        try:
            await context.chat.respond(asker.response_url, message, replace=True)
        except SlackError as error:
            log.info("a private message can't be replaced", user=asker.user, why=str(error))
        else:
            return
    await context.tell(asker, message)


def click_asker(body: Payload, team: str = "") -> Asker:
    """Return who clicked a button.

    `team` is our own, which all records use: on Enterprise Grid the payload may name another one, or none at all. It
    can be left out if the person only gets a reply.
    """
    channel = (body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id") or ""
    user = body["user"]
    thread = str((body.get("container") or {}).get("thread_ts") or "")
    return Asker(
        team, user["id"], channel, body.get("response_url", ""), "" if thread == click_message(body) else thread
    )


def click_message(body: Payload) -> str:
    """Return the timestamp of the message whose button was clicked."""
    container = body.get("container") or {}
    ts = container.get("message_ts") or (body.get("message") or {}).get("ts") or ""
    return str(ts)
