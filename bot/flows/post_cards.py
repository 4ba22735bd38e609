"""Posting cards once, joining the channel first if needed. Includes cards of followed runs and queued starts.

The content of a card is in `bot.core.views.card`, and `bot.flows.edit_cards` edits it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from bot.core.model.errors import ChannelRefused, SlackError, SlackNotSent, SlackRefused
from bot.core.model.follow_request import FollowRequest
from bot.core.model.request import Request, RequestState
from bot.core.model.run import CardRef, Run, is_final, run_url
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive
from bot.core.text.message import Message
from bot.core.text.text import Link
from bot.core.views.card import request_card, run_card
from bot.flows.cancel import outcome
from bot.flows.claimed_post import ClaimedPost
from bot.flows.follow_run import has_card
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane, Requests, RunFollowers, Runs, StartQueue
from bot.flows.post_once import Unresolved, post_once
from bot.flows.poster import MessagePoster
from bot.flows.private_replies import PrivateReplies

log = structlog.get_logger()

LOOK_AGAIN_S = 3.0


@dataclass(frozen=True, slots=True)
class CardRules:
    """Settings for cards.

    `call_s`: the total time of a Slack call; `settle_s`: how long a call with a lost response may still take effect.
    """

    app_url: str
    bot_name: str
    call_s: float
    settle_s: float


class CardPoster:
    """Posts cards once."""

    def __init__(self, chat: Chat, posts: PostLane, rules: CardRules) -> None:
        self._chat = chat
        self._posts = posts
        self._rules = rules

    async def post_card(self, post: ClaimedPost, channel: str, message: Message, key: str) -> str | None:
        """Post a card and return its ts, or None if it was put back for later. Raises SlackRefused and Unresolved."""

        async def send() -> str:
            try:
                return await self._chat.post_message(channel, message, key=key)
            except ChannelRefused:
                await self._chat.join_channel(channel)
            # Two calls have used up part of the lease; a third one must not outlast it.
            if not post.lease.is_valid_for(self._rules.call_s):
                raise SlackNotSent("chat.postMessage")
            return await self._chat.post_message(channel, message, key=key)

        return await post_once(
            self._posts,
            post,
            send=send,
            find=lambda since: self._chat.find_message(channel, key, since=since),
            settle_s=self._rules.settle_s,
            twice_is_better=False,
        )

    async def left_by_half(
        self, post: ClaimedPost, channel: str, key: str
    ) -> MessageFound | MessageAbsent | SearchInconclusive | None:
        """Find out whether an interrupted attempt left a card.

        Returns None if that isn't known yet, so the post was put back.

        Raises SlackError if Slack can't be read.
        """
        attempt = await self._posts.attempt(post, "look")
        if attempt.word != "half":
            return MessageAbsent()
        unsettled_s = self._rules.settle_s - post.lease.since_s(datetime.fromtimestamp(attempt.at, UTC))
        if unsettled_s > 0:
            await self._posts.put_back(post, delay_s=unsettled_s)
            return None
        return await self._chat.find_message(channel, key, since=attempt.at)

    def why_not(self, refused: SlackRefused, nothing: str) -> str:
        """Explain why a card can't be shown. `nothing` says what wasn't done because of that."""
        if not isinstance(refused, ChannelRefused):
            return f"Slack refused my card ({refused.code}). {nothing}. Tell whoever runs this bot."
        if refused.code == "is_archived":
            return f"This channel is archived, so I can't post in it. {nothing}."
        if refused.code.startswith("restricted_action"):
            return f"I'm not allowed to post in this channel. {nothing}. Try another channel."
        return (
            f"I can't post in this channel. Invite me with /invite {self._rules.bot_name}, then try again. {nothing}."
        )


class QueuedStartCards:
    """Posts the claimed cards of queued starts."""

    def __init__(
        self,
        poster: CardPoster,
        remover: MessagePoster,
        posts: PostLane,
        requests: Requests,
        start_queue: StartQueue,
        *,
        app_url: str,
    ) -> None:
        self._poster = poster
        self._remover = remover
        self._posts = posts
        self._requests = requests
        self._start_queue = start_queue
        self._app_url = app_url

    async def post_queued_card(self, post: ClaimedPost, request_id: str) -> None:
        """Post the card, unless the start has left the queue by now."""
        request = await self._requests.load_request(request_id)
        if request is None or request.state is not RequestState.QUEUED or request.card is not None:
            # The start left the queue while its card's post was interrupted. A card without a record would say forever
            # that it's waiting.
            if request is None or request.card is not None or await self._removed(post, request):
                await self._posts.refuse(post, request_id, "")
            return
        why = None
        try:
            ts = await self._poster.post_card(post, request.channel, request_card(request, self._app_url), request.key)
        except Unresolved:
            why = "Slack didn't say whether the card was posted. Try again."
        except SlackRefused as refused:
            log.warning("the card of a queued start can't be shown", request=request_id, why=refused.code)
            why = self._poster.why_not(refused, "Nothing was queued")
        if why is not None:
            await self._start_queue.leave_queue(request_id, why)
            await self._posts.refuse(post, request_id, "")
        elif ts is not None:
            card = CardRef(request.channel, ts)
            await self._posts.mark_reachable(request.channel)
            if not await self._posts.carded(post, request.id, request.team, card):
                await self._remover.remove_duplicate(card)

    async def _removed(self, post: ClaimedPost, request: Request) -> bool:
        """Remove an interrupted attempt's card, if there is one. Returns False if that has to be tried again later."""
        try:
            found = await self._poster.left_by_half(post, request.channel, request.key)
        except SlackError:
            await self._posts.put_back(post, delay_s=LOOK_AGAIN_S)
            return False
        if found is None:
            return False
        if isinstance(found, MessageFound):
            await self._remover.remove_duplicate(CardRef(request.channel, found.ts))
        return True


class FollowedRunCards:
    """Posts the claimed cards of runs that people want to follow."""

    def __init__(
        self,
        poster: CardPoster,
        remover: MessagePoster,
        posts: PostLane,
        runs: Runs,
        followers: RunFollowers,
        answers: PrivateReplies,
        *,
        app_url: str,
    ) -> None:
        self._poster = poster
        self._remover = remover
        self._posts = posts
        self._runs = runs
        self._followers = followers
        self._answers = answers
        self._app_url = app_url

    async def post_followed_card(self, post: ClaimedPost, name: str) -> None:
        """Post the card, or record why the run isn't followed."""
        follow_request = await self._followers.load_follow_request(name)
        if follow_request is None or follow_request.state != "looked":
            log.error(
                "a card wasn't posted, because its follow request no longer exists or is already done",
                follow_request=name,
            )
            await self._posts.refuse(post, name, "")
            return
        run = await self._runs.load_run(follow_request.key)
        if run is None:
            # Refuse the follow request: as long as it waits for a card, nobody can ask to follow this run here again.
            log.error("the run to follow no longer exists", follow_request=name)
            why = "I no longer have a record of this run, so I'm not following it here. Click again."
            await self._followers.refuse(post, follow_request, why)
            return
        if is_final(run.seen.state) and (await self._posts.attempt(post, "look")).word == "go":
            why = f"Run {run.id} {outcome(run.seen.state)} before its card could be posted."
            await self._followers.refuse(post, follow_request, why)
            return
        seen = run.seen_in(follow_request.asker.channel)
        shown = replace(seen, facts=replace(seen.facts, followed_by=follow_request.asker.user))
        try:
            ts = await self._poster.post_card(
                post, follow_request.asker.channel, run_card(shown, self._app_url), f"watch:{follow_request.key.name}"
            )
        except Unresolved:
            why = "Slack didn't say whether the card was posted. Look for it in the channel, or click again."
            await self._followers.refuse(post, follow_request, why)
        except SlackRefused as refused:
            log.warning("the card of a followed run can't be shown", follow_request=name, why=refused.code)
            await self._followers.refuse(
                post, follow_request, self._poster.why_not(refused, "I'm not following the run here")
            )
        else:
            if ts is not None:
                await self._posted(post, follow_request, run, ts)

    async def _posted(self, post: ClaimedPost, follow_request: FollowRequest, run: Run, ts: str) -> None:
        card = CardRef(follow_request.asker.channel, ts)
        await self._posts.mark_reachable(card.channel)
        word = await self._followers.posted(post, follow_request, card, f"run:{run.rev}")
        if word == "ok":
            log.info("followed", run=run.id, user=follow_request.asker.user, channel=card.channel)
            return
        await self._remover.remove_duplicate(card)
        if word == "gone":
            link = Link(run_url(self._app_url, run.id), f"Run {run.id}")
            message = Message(
                (link, " couldn't be followed here because I no longer have a record of it. Click again.")
            )
        else:
            message = has_card(follow_request.key, None)
        await self._answers.reply_privately(follow_request.asker, message)
