"""Lanes: queues of card edits and of posts, each waiting for a slot in Slack's rate limits.

The order of the classes is in `scripts/shared/lanes.lua`, and the budget is spent in `claim_edit.lua` and
`claim_post.lua`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.core.model.card import Card
from bot.core.model.post_attempt import AttemptMode, PostAttempt
from bot.core.model.run import CardRef, RunKey
from bot.core.model.start import ShownInIncident
from bot.flows.claimed_post import END_BATCH, ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import MICROSECONDS, microseconds
from bot.store.scripts import Reply, Scripts


@dataclass(frozen=True, slots=True)
class SlackBudget:
    """How much of Slack's rate limits the bot uses (chat.update: tier 3; chat.postMessage: 1 a second per channel).

    Times are in seconds. `edits` is the limit in any window of `edit_window_s`. State changes may use all but a
    twelfth of it, which is reserved for ends; progress may use half, and counts of incidents another quarter, at most
    12. Under load, progress is left out first. If more than `ends_apart` ends wait in one channel, they're posted as
    one message, up to `ends_together` at a time.
    """

    edits: int = 48
    edits_for_changes: int = 44
    edits_for_progress: int = 24
    edits_for_counts: int = 12
    edit_window_s: float = 60
    post_gap_s: float = 0.25
    channel_gap_s: float = 1.1
    upload_gap_s: float = 0.67
    ends_apart: int = 20
    ends_together: int = 40

    @classmethod
    def of(cls, edits_a_minute: int, posts_a_minute: int) -> SlackBudget:
        """Return a budget with these limits and the usual shares of them."""
        return cls(
            edits=edits_a_minute,
            edits_for_changes=edits_a_minute - edits_a_minute // 12,
            edits_for_progress=edits_a_minute // 2,
            edits_for_counts=min(12, edits_a_minute // 4),
            post_gap_s=60 / posts_a_minute,
        )


# Classes of posts that may be uploads. Must match shared/lanes.lua.
UPLOADS = frozenset({"log", "file", "attached"})


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """A leased item of a lane, or None and the seconds until the next look."""

    lease: Lease | None
    item: str = ""
    urgency: str = ""
    channel: str = ""
    wait_s: float | None = None


class EditLane:
    """Cards that don't show their newest revision. Implements the flows' `Edits` port."""

    def __init__(self, scripts: Scripts, budget: SlackBudget, *, lease_s: float) -> None:
        self._scripts = scripts
        self._budget = budget
        self._lease_s = lease_s

    async def claim(self) -> ClaimedItem:
        """Claim a slot, then the most urgent card for it."""
        began, budget = time.monotonic(), self._budget
        reply = await self._scripts.run(
            "claim_edit",
            microseconds(self._lease_s),
            budget.edits,
            budget.edits_for_changes,
            budget.edits_for_progress,
            budget.edits_for_counts,
            microseconds(budget.edit_window_s),
        )
        return _taken(reply, "edits", began, self._lease_s)

    async def load_card(self, item: str) -> Card | None:
        """Load a card. Returns None if it isn't stored."""
        return await load_card(self._scripts, item)

    async def shown(self, lease: Lease, revision: str) -> str:
        """Record that Slack accepted this revision.

        Returns `lost` if another edit overlapped; the card is then edited again.
        """
        return str(await self._scripts.run("finish_edit", lease.member, lease.token, revision, 0, ""))

    async def put_back(self, lease: Lease, *, delay_s: float) -> None:
        """Edit the card again after a delay, because Slack refused the edit or its outcome is unknown."""
        await self._scripts.run("finish_edit", lease.member, lease.token, "", microseconds(delay_s), "")

    async def unshowable(self, lease: Lease, why: str, *, whole_channel: bool = False) -> None:
        """Record that Slack will never accept an edit of this card.

        With `whole_channel`, it also refuses all other edits in the card's channel for now.
        """
        await self._scripts.run("finish_edit", lease.member, lease.token, "", 0, why, int(whole_channel))

    async def hold(self, for_s: float) -> None:
        """Apply a Retry-After on every replica."""
        await self._scripts.run("apply_retry_after", "chat.update", microseconds(for_s))


class PostLane:
    """Posts that wait to be sent: cards of new starts, ends, logs. Implements the flows' `Posts` port."""

    def __init__(self, scripts: Scripts, budget: SlackBudget, *, lease_s: float, upload_lease_s: float) -> None:
        self._scripts = scripts
        self._budget = budget
        self._lease_s = lease_s
        self._upload_lease_s = upload_lease_s

    async def claim(self) -> ClaimedItem:
        """Claim a slot, then the most urgent post for it."""
        began, budget = time.monotonic(), self._budget
        reply = await self._scripts.run(
            "claim_post",
            microseconds(self._lease_s),
            microseconds(self._upload_lease_s),
            microseconds(budget.post_gap_s),
            microseconds(budget.channel_gap_s),
            budget.ends_apart,
            budget.ends_together,
            microseconds(budget.upload_gap_s),
        )
        lease_s = self._upload_lease_s if reply[0] and reply[2] in UPLOADS else self._lease_s
        return _taken(reply, "posts", began, lease_s)

    async def load_card(self, item: str) -> Card | None:
        """Load the card that a post belongs to. Returns None if it isn't stored."""
        return await load_card(self._scripts, item)

    async def attempt(self, post: ClaimedPost, mode: AttemptMode = "first") -> PostAttempt:
        """Record that the post is about to be sent, unless the record of an earlier attempt forbids sending it.

        `mode` is `first`, or `again` after an earlier attempt was found absent, or `look`, which only reads the record.
        """
        word, before = await self._scripts.run(
            "attempt_post",
            post.urgency,
            post.channel,
            post.lease.member,
            post.lease.token,
            post.record,
            post.field,
            mode,
        )
        kind, _, rest = str(before).partition(":")
        known: dict[str, Literal["sent", "absent"]] = {"sent": "sent", "absent": "absent"}
        if kind in known:
            return PostAttempt(word, known[kind], float(rest) / MICROSECONDS)
        return PostAttempt(word)

    async def put_back(self, post: ClaimedPost, *, delay_s: float, record: str | None = None) -> None:
        """Make the post due again. `record` replaces the record of its attempt; None leaves it as it is."""
        await self._put_back(post, microseconds(delay_s), record)

    async def put_back_refused(self, post: ClaimedPost, *, record: str | None = "") -> None:
        """Put back a post that its channel refuses, until the channel is reachable again. `record`: see `put_back`."""
        await self._put_back(post, "refused", record)

    async def _put_back(self, post: ClaimedPost, delay: str | int, record: str | None) -> None:
        lease = post.lease
        await self._scripts.run(
            "put_back_post",
            post.urgency,
            post.channel,
            lease.member,
            lease.token,
            delay,
            post.record,
            post.field,
            "=" if record is None else record,
        )

    async def carded(self, post: ClaimedPost, request_id: str, team: str, card: CardRef) -> bool:
        """Record that a start's card was posted. Returns False if another message is its card."""
        word = await self._scripts.run(
            "start_card_posted",
            request_id,
            post.urgency,
            post.channel,
            post.lease.member,
            post.lease.token,
            team,
            card.channel,
            card.ts,
        )
        return bool(word == "ok")

    async def shown_in_incident(self, post: ClaimedPost, request_id: str) -> ShownInIncident:
        """If an incident's message shows a start, make the start due. `no`: the start needs a card of its own."""
        word: ShownInIncident = await self._scripts.run(
            "shown_in_incident", request_id, post.urgency, post.channel, post.lease.member, post.lease.token
        )
        return word

    async def refuse(self, post: ClaimedPost, request_id: str, why: str) -> None:
        """Refuse a start whose card can't be posted: the run isn't started."""
        await self._scripts.run(
            "refuse_post", request_id, post.urgency, post.channel, post.lease.member, post.lease.token, why
        )

    async def posted(self, post: ClaimedPost, card: str, outcome: str, *, next_item: str = "") -> str:
        """Record a thread post as sent (`outcome`: its ts) or given up on (`outcome`: why).

        Returns `ok`, or `done:<ts>` if another process has posted it.
        """
        return str(
            await self._scripts.run(
                "finish_post",
                card,
                post.urgency,
                post.channel,
                post.lease.member,
                post.lease.token,
                post.field,
                outcome,
                next_item,
            )
        )

    async def load_end_batch(self, name: str) -> tuple[str, ...]:
        """Load the cards whose ends are posted in one message. Empty if the batch is finished."""
        record = await self._scripts.ask(self._scripts.redis.hget(self._scripts.key(END_BATCH, name), "cards"))
        return tuple(record.split(",")) if record else ()

    async def end_batch_posted(self, post: ClaimedPost, name: str, ts: str, logs: Mapping[str, bool]) -> str:
        """Record that several ends were posted as one message.

        `logs`: each card, and whether its failure's log is still due.

        Returns `ok`, or `done:<ts>` if another process has posted it.
        """
        flags = [part for card, log_due in logs.items() for part in (card, int(log_due))]
        lease = post.lease
        return str(
            await self._scripts.run(
                "finish_end_batch", name, post.urgency, post.channel, lease.member, lease.token, ts, *flags
            )
        )

    async def undo_end_batch(self, post: ClaimedPost, name: str, urgencies: Mapping[str, str]) -> None:
        """Split an end batch that couldn't be posted: each end gets its own post, with its own urgency."""
        parts = [part for pair in urgencies.items() for part in pair]
        lease = post.lease
        await self._scripts.run("undo_end_batch", name, post.urgency, post.channel, lease.member, lease.token, *parts)

    async def unreachable_why(self, channel: str) -> str | None:
        """Return why a channel is unreachable, or None if it's reachable."""
        found: str | None = await self._scripts.ask(self._scripts.redis.get(self._scripts.key("aside", channel)))
        return found

    async def mark_unreachable(self, channel: str, why: str, *, for_s: float) -> None:
        """Stop editing in a channel that refuses messages, for a while."""
        await self._scripts.run("mark_channel_unreachable", channel, why, round(for_s * 1000))

    async def mark_reachable(self, channel: str) -> None:
        """Mark a channel as accepting messages again, and make the posts and edits that it refused due now."""
        await self._scripts.run("channel_takes_posts", channel, 1)

    async def note_file(self, card: str, file_id: str) -> None:
        """Store the id of an uploaded file before it's shared, so that it can be found if the reply is lost."""
        await self._scripts.run("note_file", f"card:{card}", "file_id", file_id)

    async def note_attachment(self, post: ClaimedPost, file_id: str) -> None:
        """Store the id of an uploaded file before it's shared, alongside the record of the attempts to post it."""
        await self._scripts.run("note_file", post.record, f"{post.field}-id", file_id)

    async def attachment_of(self, post: ClaimedPost) -> str | None:
        """Return the file that an earlier attempt has uploaded, or None if there's none."""
        key = self._scripts.key(post.record)
        found: str | None = await self._scripts.ask(self._scripts.redis.hget(key, f"{post.field}-id"))
        return found

    async def hold(self, for_s: float) -> None:
        """Apply a Retry-After on every replica."""
        await self._scripts.run("apply_retry_after", "chat.postMessage", microseconds(for_s))


def parse_card_id(item: str) -> CardRef | None:
    """Parse a card's id (team:channel:ts) into its message. Returns None if it's malformed."""
    _, _, message = item.partition(":")
    channel, _, ts = message.partition(":")
    return CardRef(channel, ts) if ts else None


async def load_card(scripts: Scripts, item: str) -> Card | None:
    """Load a card by its id (team:channel:ts). Returns None if it isn't stored."""
    record = await scripts.ask(scripts.redis.hgetall(scripts.key("card", item)))
    team, ref = item.partition(":")[0], parse_card_id(item)
    if not record.get("team") or ref is None:
        return None
    run: RunKey | None = RunKey.parse(record["run"]) if record.get("run") else None
    return Card(
        item,
        team,
        ref,
        run,
        record.get("request"),
        record.get("file_id"),
        record.get("watcher"),
        record.get("incident"),
        record.get("outage"),
        record.get("gap"),
        record.get("notice"),
    )


def _taken(reply: Reply, lane: str, began: float, lease_s: float) -> ClaimedItem:
    if not reply[0]:
        return ClaimedItem(None, wait_s=float(reply[1]) / MICROSECONDS if reply[1] else None)
    item, token, urgency, channel = reply
    return ClaimedItem(Lease(lane, (item,), int(token), began + lease_s, lease_s), item, urgency, channel)
