"""Delivering posts: the card of a new start, and in its thread the run's end and the failed command's log.

`bot.store.lanes` and its scripts decide how many posts are sent, and in which order. `bot.slack.errors` decides which
errors count as a refusal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.core.model.errors import (
    ChannelRefused,
    CredentialRefused,
    SlackError,
    SlackRefused,
)
from bot.core.model.request import Request, RequestState
from bot.core.model.run import CardRef
from bot.core.model.sent_message import MessageFound
from bot.core.views.card import request_card
from bot.flows.claimed_post import END_BATCH, ClaimedPost
from bot.flows.conclude import LogReader
from bot.flows.delivery_settings import DeliverySettings
from bot.flows.lease import Lease
from bot.flows.log_context import log_request
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane
from bot.flows.post_cards import CardPoster, CardRules, FollowedRunCards, QueuedStartCards
from bot.flows.post_end_batch import EndBatchPoster
from bot.flows.post_once import Unresolved
from bot.flows.post_thread import ThreadPoster
from bot.flows.poster import MessagePoster
from bot.flows.private_replies import PrivateReplies
from bot.flows.run_stores import RunStores
from bot.flows.start_settings import WAS_AWAY, expired

log = structlog.get_logger()

# How often to check whether the message of an incident already shows a start. An edit makes the start's card due at
# once, so this is only for edits by an older version. In between, the channel's other posts need slots.
SHOWN_AGAIN_S = 3.0
NOTHING = "Nothing was started"

# Sends a claimed post, given its lease, class, channel and name.
Send = Callable[[Lease, str, str, str], Awaitable[None]]


class PostDeliverer:
    """Sends claimed posts. `others` send those that aren't about a run's own card: `upload/<name>`, `follow/<name>`."""

    def __init__(
        self,
        chat: Chat,
        posts: PostLane,
        stores: RunStores,
        logs: LogReader,
        answers: PrivateReplies,
        settings: DeliverySettings,
        others: Mapping[str, Send] | None = None,
    ) -> None:
        self._others = others or {}
        self._chat = chat
        self._posts = posts
        self._requests = stores.requests
        self._settings = settings
        self._poster = poster = MessagePoster(chat, posts, settle_s=settings.settle_s)
        card_rules = CardRules(settings.app_url, settings.bot_name, settings.call_s, settings.settle_s)
        self._card = CardPoster(chat, posts, card_rules)
        self._queued = QueuedStartCards(
            self._card, poster, posts, stores.requests, stores.start_queue, app_url=settings.app_url
        )
        self._followed = FollowedRunCards(
            self._card, poster, posts, stores.runs, stores.followers, answers, app_url=settings.app_url
        )
        self._end_batch = EndBatchPoster(posts, stores.runs, poster, app_url=settings.app_url)
        self._thread = ThreadPoster(chat, posts, stores.runs, logs, poster, settings)

    async def deliver_post(self, lease: Lease, item: str, urgency: str, channel: str) -> None:
        """Send one post.

        `item` is `start/` or `queue/<request>`, `watch/<follow request>`, `digest/<end batch>`, `end/`, `late/` or
        `file/<card>`, or one of the others.
        """
        kind, _, name = item.partition("/")
        if kind in {"start", "queue"}:
            log_request(name)
        if kind == "start":
            await self._start(ClaimedPost(lease, urgency, channel, f"req:{name}", "post"), name)
        elif kind == END_BATCH:
            await self._together(ClaimedPost(lease, urgency, channel, f"{END_BATCH}:{name}", "post"), name)
        elif kind in self._others:
            await self._others[kind](lease, urgency, channel, name)
        elif kind == "queue":
            await self._queued.post_queued_card(ClaimedPost(lease, urgency, channel, f"req:{name}", "post"), name)
        elif kind == "watch":
            await self._followed.post_followed_card(
                ClaimedPost(lease, urgency, channel, follow_request_record(name), "post"), name
            )
        else:
            await self._thread.post_in_thread(ClaimedPost(lease, urgency, channel, f"card:{name}", kind), kind, name)

    async def _together(self, post: ClaimedPost, name: str) -> None:
        try:
            await self._end_batch.post_end_batch(post, name)
        except CredentialRefused as refused:
            await self._poster.wait_for_token(post, refused)
        except ChannelRefused as refused:
            await self._poster.mark_unreachable(post.channel, refused)
        except SlackRefused:
            return

    # --- the card of a new start ---

    async def _start(self, post: ClaimedPost, request_id: str) -> None:
        request = await self._requests.load_request(request_id)
        if request is None or not _wants_card(request):
            await self._posts.refuse(post, request_id, "")
            return
        is_late = post.lease.since_s(request.asked_at) > self._settings.deadline_s
        was_away = await self._requests.was_absent_since(request.asked_at)
        if not is_late and not was_away and not await self._needs_card(post, request):
            return
        try:
            if is_late or was_away:
                why = expired(self._settings.deadline_s) if is_late else WAS_AWAY
                ts = await self._find_late(post, request, why, was_away=was_away)
            else:
                ts = await self._post_start(post, request)
        except Unresolved:
            why = "Slack didn't say whether my card was posted. Nothing was started. Try again."
            await self._posts.refuse(post, request_id, why)
        except ChannelRefused as refused:
            log.info("a card can't be shown", request=request_id, channel=request.channel, why=refused.code)
            await self._posts.refuse(post, request_id, self._card.why_not(refused, NOTHING))
        except SlackRefused as refused:
            log.error("Slack refused a card", request=request_id, why=refused.code)
            await self._posts.refuse(post, request_id, self._card.why_not(refused, NOTHING))
        else:
            if ts is not None:
                await self._carded(post, request, ts)

    async def _needs_card(self, post: ClaimedPost, request: Request) -> bool:
        """Whether a start needs a card of its own, because no incident's message shows it."""
        if not request.incident_channel or request.state is not RequestState.LOOKED:
            return True
        word = await self._posts.shown_in_incident(post, request.id)
        if word == "waits":
            await self._posts.put_back(post, delay_s=SHOWN_AGAIN_S)
        return word == "no"

    async def _find_late(self, post: ClaimedPost, request: Request, why: str, *, was_away: bool) -> str | None:
        """Refuse a start that is too late for a card, or that was asked for before an absence (`was_away`).

        If an earlier attempt did post the card (its response was lost, or Redis lost the record of it), the card is
        found, and removed with the refusal.
        """
        attempt = await self._posts.attempt(post, "look")
        if attempt.word == "half" or (attempt.word == "go" and was_away):
            since = attempt.at or request.asked_at.timestamp()
            try:
                found = await self._chat.find_message(request.channel, request.key, since=since)
            except SlackError:
                await self._posts.put_back(post, delay_s=self._settings.settle_s)
                return None
            if isinstance(found, MessageFound):
                return found.ts
        await self._posts.refuse(post, request.id, why)
        return None

    async def _post_start(self, post: ClaimedPost, request: Request) -> str | None:
        message = request_card(request, self._settings.app_url)
        return await self._card.post_card(post, request.channel, message, request.key)

    async def _carded(self, post: ClaimedPost, request: Request, ts: str) -> None:
        card = CardRef(request.channel, ts)
        await self._posts.mark_reachable(request.channel)
        if await self._posts.carded(post, request.id, request.team, card):
            return
        log.warning(
            "another replica took over this start: keeping that replica's card and removing this replica's",
            request=request.id,
        )
        await self._poster.remove_duplicate(card)


def _wants_card(request: Request) -> bool:
    """Whether a start needs its card to be posted or found.

    A click may have decided on the start before its card was recorded.
    """
    decided = request.state is RequestState.APPROVED or request.denied_by is not None
    return request.state in {RequestState.LOOKED, RequestState.PENDING} or (decided and request.card is None)


def follow_request_record(name: str) -> str:
    """The record of the attempts to post a follow request's card. The request is named by its channel and run."""
    channel, _, member = name.partition("/")
    return f"watch:{channel}:{member}"
