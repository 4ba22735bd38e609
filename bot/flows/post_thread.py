"""Posting in a card's thread: the run's end, the failed command's log, and its file.

The wording is in `bot.core.views.thread`.
"""

from __future__ import annotations

import structlog

from bot.core.model.card import Card
from bot.core.model.errors import (
    ChannelRefused,
    CredentialRefused,
    SlackError,
    SlackRefused,
)
from bot.core.model.run import CardRef, Retried, Run, RunKey, run_url
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Link
from bot.core.views.thread import end_post, late_log_post, retried_post
from bot.flows.claimed_post import DROPPED, ClaimedPost
from bot.flows.conclude import LogReader
from bot.flows.delivery_settings import DeliverySettings
from bot.flows.log_context import log_run
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane, Runs
from bot.flows.post_log_file import FileThread, LogFilePoster
from bot.flows.poster import MessagePoster
from bot.flows.run_of_card import run_of_card

log = structlog.get_logger()

AWAY_AGAIN_S = 30.0
WHY = {
    "is_archived": "it's archived",
    "not_in_channel": "I'm not in it",
    "channel_not_found": "it's gone, or I'm not in it",
    "restricted_action": "I'm not allowed to",
    "restricted_action_read_only_channel": "I'm not allowed to",
}


class ThreadPoster:
    """Sends claimed posts of threads."""

    def __init__(
        self,
        chat: Chat,
        posts: PostLane,
        runs: Runs,
        logs: LogReader,
        poster: MessagePoster,
        settings: DeliverySettings,
    ) -> None:
        self._chat = chat
        self._posts = posts
        self._runs = runs
        self._files = LogFilePoster(chat, posts, runs, logs, poster, settings)
        self._poster = poster
        self._settings = settings

    async def post_in_thread(self, post: ClaimedPost, kind: str, name: str) -> None:
        """Send a card's `end`, `late` or `file`, or `retried-` followed by the id of the run that retries its run."""
        card = await self._posts.load_card(name)
        run = await run_of_card(self._runs, card)
        if card is None or run is None:
            log.error("the card or run of a post in a thread is no longer in Redis", kind=kind, card=name)
            await self._posts.posted(post, name, DROPPED)
            return
        log_run(run)
        what, _, number = kind.partition("-")
        try:
            if what == "retried":
                await self._retried(post, card, run, int(number))
            else:
                await {"end": self._end, "late": self._late, "file": self._file}[what](post, card, run)
        except CredentialRefused as refused:
            await self._poster.wait_for_token(post, refused)

    async def _end(self, post: ClaimedPost, card: Card, run: Run) -> None:
        message, key = end_post(run, self._settings.app_url), f"end:{run.id}"
        next_item = f"file/{card.id}" if run.end and run.end.log == "read" else ""
        try:
            await self._poster.check_reachable(card.ref.channel)
            await self._reply(post, card, message, key, next_item=next_item)
        except CredentialRefused:
            raise
        except SlackRefused as refused:
            outcome = await self._elsewhere(card, run, message, key, refused)
            if outcome is None:
                await self._posts.put_back(post, delay_s=AWAY_AGAIN_S, record="")
            else:
                await self._posts.posted(post, card.id, outcome, next_item=next_item)

    async def _late(self, post: ClaimedPost, card: Card, run: Run) -> None:
        next_item = f"file/{card.id}" if run.end and run.end.log == "read" else ""
        message = late_log_post(run, self._settings.app_url)
        try:
            await self._poster.check_reachable(card.ref.channel)
            await self._reply(post, card, message, f"late:{run.id}", next_item=next_item)
        except CredentialRefused:
            raise
        except SlackRefused as refused:
            log.warning("a late log couldn't be posted", card=card.id, why=refused.code)
            await self._posts.posted(post, card.id, refused.code)

    async def _retried(self, post: ClaimedPost, card: Card, run: Run, new_id: int) -> None:
        new = RunKey(run.key.workspace, new_id)
        record = await self._runs.load_run(new)
        if record is None or record.facts.asked_by is None:
            log.error("a retry can't be announced, because it's no longer in Redis", run=run.id, retry=new_id)
            await self._posts.posted(post, card.id, DROPPED)
            return
        try:
            await self._poster.check_reachable(card.ref.channel)
            url = await self._card_url(new, card.ref.channel)
            message = retried_post(Retried(new_id, record.facts.asked_by, url=url or ""), self._settings.app_url)
            await self._reply(post, card, message, f"retried:{new_id}", next_item="")
        except CredentialRefused:
            raise
        except SlackRefused as refused:
            log.warning("Slack refused the notice that the run was retried", card=card.id, why=refused.code)
            await self._posts.posted(post, card.id, refused.code)

    async def _card_url(self, key: RunKey, channel: str) -> str | None:
        """The permalink of a run's card in the same channel, where everyone who can read one card can read all."""
        card = await self._runs.card_in(key, channel)
        try:
            return await self._chat.permalink(channel, card.ts) if card else None
        except SlackError:
            return None

    async def _reply(self, post: ClaimedPost, card: Card, message: Message, key: str, *, next_item: str) -> None:
        ts = await self._poster.post_message_once(post, message, key, card.ref.ts)
        if ts is not None:
            log.info("posted in a thread", what=key.partition(":")[0], channel=post.channel)
            recorded = await self._posts.posted(post, card.id, ts, next_item=next_item)
            await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    async def _elsewhere(self, card: Card, run: Run, message: Message, key: str, refused: SlackRefused) -> str | None:
        """Announce an end that its thread refuses: in the channel, or else to the asker, or else in the error log."""
        try:
            if isinstance(refused, ChannelRefused):
                raise refused
            return await self._poster.post_with_fallback(card.ref.channel, message, key, None)
        except ChannelRefused as channel_refused:
            await self._poster.mark_unreachable(card.ref.channel, channel_refused)
        except SlackRefused:
            log.info(
                "Slack refused to post the end of a run, both in its thread and in the channel",
                card=card.id,
                why=refused.code,
            )
        except SlackError:
            return None
        if run.mentioned:
            where = Link(run_url(self._settings.app_url, run.id), f"run {run.id}")
            why = WHY.get(refused.code, f"Slack says {refused.code}")
            text = (*message.text, f" I couldn't post this in the run's channel because {why}. See ", where, ".")
            try:
                return await self._chat.post_direct(
                    run.mentioned, Message(text, (Paragraph(text), *message.blocks[1:])), key=key
                )
            except SlackRefused as also:
                refused = also
            except SlackError:
                return None
        log.error(
            "an ended run couldn't be announced anywhere",
            run=run.id,
            state=run.seen.state,
            card=card.id,
            why=refused.code,
        )
        return "nowhere"

    async def _file(self, post: ClaimedPost, card: Card, run: Run) -> None:
        thread = FileThread(card.ref, card.file_id, lambda file_id: self._posts.note_file(card.id, file_id))
        try:
            outcome = await self._files.post_log_file(post, run, thread)
        except ChannelRefused as refused:
            # The direct message about the run's end has explained why.
            log.warning("a log file can't be posted", card=card.id, why=refused.code)
            outcome = refused.code
        if outcome is not None:
            await self._posts.posted(post, card.id, outcome)
