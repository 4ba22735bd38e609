"""Posting end batches: one message names many ends in a channel, and each failure's log follows in its own thread.

`bot.store.lanes` and the script `claim_post.lua` decide how many ends become one message.
"""

from __future__ import annotations

import structlog

from bot.core.model.errors import CredentialRefused, SlackRefused
from bot.core.model.run import LOST, CardRef, Run, is_failed
from bot.core.views.end_batch import end_batch_message
from bot.flows.claimed_post import DROPPED, END_BATCH, ClaimedPost
from bot.flows.ports.store import PostLane, Runs
from bot.flows.poster import MessagePoster
from bot.flows.run_of_card import run_of_card

log = structlog.get_logger()


class EndBatchPoster:
    """Sends claimed end batches."""

    def __init__(self, posts: PostLane, runs: Runs, poster: MessagePoster, *, app_url: str) -> None:
        self._posts = posts
        self._runs = runs
        self._poster = poster
        self._app_url = app_url

    async def post_end_batch(self, post: ClaimedPost, name: str) -> None:
        """Announce all ends of a batch; if Slack refuses it, leave each end to be announced on its own."""
        cards = await self._posts.load_end_batch(name)
        found = {card: run for card in cards if (run := await self._run_of(card)) is not None}
        if not found:
            # The log event still calls a batch a digest, its older name, because somebody may search for it.
            log.error("a digest has no ends left to report", digest=name)
            await self._posts.end_batch_posted(post, name, DROPPED, dict.fromkeys(cards, False))
            return
        message = end_batch_message(tuple(found.values()), self._app_url)
        try:
            ts = await self._poster.post_message_once(post, message, f"{END_BATCH}:{name}")
        except CredentialRefused:
            raise
        except SlackRefused as refused:
            log.warning(
                "several ended runs couldn't be announced in one message", channel=post.channel, why=refused.code
            )
            await self._posts.undo_end_batch(post, name, {card: _urgency(run) for card, run in found.items()})
            raise
        if ts is not None:
            await self._told(post, name, ts, cards, found)

    async def _run_of(self, card_id: str) -> Run | None:
        return await run_of_card(self._runs, await self._posts.load_card(card_id))

    async def _told(self, post: ClaimedPost, name: str, ts: str, cards: tuple[str, ...], found: dict[str, Run]) -> None:
        logs = dict.fromkeys(cards, False) | {card: _has_log(run) for card, run in found.items()}
        log.info("posted in one message", runs=[run.id for run in found.values()], channel=post.channel)
        recorded = await self._posts.end_batch_posted(post, name, ts, logs)
        await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)


def _has_log(run: Run) -> bool:
    return run.end is not None and run.end.log == "read"


def _urgency(run: Run) -> str:
    return "fail" if is_failed(run.seen.state) or run.seen.state == LOST else "end"
