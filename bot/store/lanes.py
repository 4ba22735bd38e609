"""Lanes: cards that wait for an edit and posts that wait to be sent, each for a slot of Slack's budget."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.core.model.card import Card
from bot.core.model.post_attempt import AttemptMode, PostAttempt
from bot.core.model.run import CardRef, RunKey
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import MICROSECONDS, microseconds
from bot.store.scripts import Reply, Scripts


@dataclass(frozen=True, slots=True)
class SlackBudget:
    """How much of what Slack allows is used (chat.update: tier 3; chat.postMessage: 1 a second a channel).

    Seconds; `edits` in any `edit_window_s`. Of these, changes of state may take all but a twelfth, which is kept for
    ends, and mere progress half: when much is going on, it is the first to be left out. Where more than `ends_apart`
    ends wait in one channel they are told in one message, `ends_together` at a time.
    """

    edits: int = 48
    edits_for_changes: int = 44
    edits_for_progress: int = 24
    edit_window_s: float = 60
    post_gap_s: float = 0.25
    channel_gap_s: float = 1.1
    upload_gap_s: float = 0.67
    ends_apart: int = 20
    ends_together: int = 40

    @classmethod
    def of(cls, edits_a_minute: int, posts_a_minute: int) -> SlackBudget:
        """The same shares of another budget."""
        return cls(
            edits=edits_a_minute,
            edits_for_changes=edits_a_minute - edits_a_minute // 12,
            edits_for_progress=edits_a_minute // 2,
            post_gap_s=60 / posts_a_minute,
        )


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """An item of a lane with its lease, or None and in how many seconds to look again."""

    lease: Lease | None
    item: str = ""
    urgency: str = ""
    channel: str = ""
    wait_s: float | None = None


class EditLane:
    """The lane of cards whose shown revision is not the newest. Implements the flows' `Edits` port."""

    def __init__(self, scripts: Scripts, budget: SlackBudget, *, lease_s: float) -> None:
        self._scripts = scripts
        self._budget = budget
        self._lease_s = lease_s

    async def claim(self) -> ClaimedItem:
        """First a slot, then the most urgent card for it."""
        began, budget = time.monotonic(), self._budget
        reply = await self._scripts.run(
            "claim_edit",
            microseconds(self._lease_s),
            budget.edits,
            budget.edits_for_changes,
            budget.edits_for_progress,
            microseconds(budget.edit_window_s),
        )
        return _taken(reply, "edits", began, self._lease_s)

    async def load_card(self, item: str) -> Card | None:
        """A card as it is recorded, None where there is none."""
        return await load_card(self._scripts, item)

    async def shown(self, lease: Lease, revision: str) -> str:
        """Slack has accepted this revision. `lost` where another one edited meanwhile: it will be edited again."""
        return str(await self._scripts.run("finish_edit", lease.member, lease.token, revision, 0, ""))

    async def put_back(self, lease: Lease, *, delay_s: float) -> None:
        """Not accepted, or nobody knows: the card is edited again after a delay."""
        await self._scripts.run("finish_edit", lease.member, lease.token, "", microseconds(delay_s), "")

    async def unshowable(self, lease: Lease, why: str) -> None:
        """Slack will never accept an edit of this card."""
        await self._scripts.run("finish_edit", lease.member, lease.token, "", 0, why)

    async def hold(self, for_s: float) -> None:
        """Obey a Retry-After, on every replica."""
        await self._scripts.run("hold", "chat.update", microseconds(for_s))


class PostLane:
    """The lane of posts: cards of new starts, ends, logs. Implements the flows' `Posts` port."""

    def __init__(self, scripts: Scripts, budget: SlackBudget, *, lease_s: float, upload_lease_s: float) -> None:
        self._scripts = scripts
        self._budget = budget
        self._lease_s = lease_s
        self._upload_lease_s = upload_lease_s

    async def claim(self) -> ClaimedItem:
        """First a slot, then the most urgent post for it."""
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
        lease_s = self._upload_lease_s if reply[0] and reply[2] in {"log", "file"} else self._lease_s
        return _taken(reply, "posts", began, lease_s)

    async def load_card(self, item: str) -> Card | None:
        """The card that a post belongs to, None where there is none."""
        return await load_card(self._scripts, item)

    async def attempt(self, post: ClaimedPost, mode: AttemptMode = "first") -> PostAttempt:
        """Record that the post is about to be sent. What is on record of an earlier attempt decides whether it may.

        `mode`: `first`; `again`, after an earlier attempt was found absent; `look`, which only tells.
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
        """Make the post due again; `record` replaces what is on record of its attempt, None leaves it."""
        await self._scripts.run(
            "put_back_post",
            post.urgency,
            post.channel,
            post.lease.member,
            post.lease.token,
            microseconds(delay_s),
            post.record,
            post.field,
            "=" if record is None else record,
        )

    async def carded(self, post: ClaimedPost, request_id: str, team: str, card: CardRef) -> bool:
        """The card of a start is posted. False where another message is its card."""
        word = await self._scripts.run(
            "carded",
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

    async def refuse(self, post: ClaimedPost, request_id: str, why: str) -> None:
        """The card of a start cannot be shown: nothing is started."""
        await self._scripts.run(
            "refuse_post", request_id, post.urgency, post.channel, post.lease.member, post.lease.token, why
        )

    async def posted(self, post: ClaimedPost, card: str, outcome: str, *, follow: str = "") -> str:
        """A thread post is made (`outcome`: its ts) or given up (a word). `ok`, or `done:<ts>` of another's post."""
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
                follow,
            )
        )

    async def load_digest(self, name: str) -> tuple[str, ...]:
        """The cards whose ends are told in one message, none where it is done with."""
        record = await self._scripts.ask(self._scripts.redis.hget(self._scripts.key("digest", name), "cards"))
        return tuple(record.split(",")) if record else ()

    async def digested(self, post: ClaimedPost, name: str, ts: str, logs: Mapping[str, bool]) -> str:
        """Many ends are told in one message. `logs`: the cards, and which have the log of a failure still to be posted.

        `ok`, or `done:<ts>` of another's post.
        """
        flags = [part for card, follows in logs.items() for part in (card, int(follows))]
        lease = post.lease
        return str(
            await self._scripts.run(
                "finish_digest", name, post.urgency, post.channel, lease.member, lease.token, ts, *flags
            )
        )

    async def undigest(self, post: ClaimedPost, name: str, urgencies: Mapping[str, str]) -> None:
        """They cannot be told in one message: each is told by itself, with its own urgency."""
        parts = [part for pair in urgencies.items() for part in pair]
        lease = post.lease
        await self._scripts.run("undo_digest", name, post.urgency, post.channel, lease.member, lease.token, *parts)

    async def unreachable_why(self, channel: str) -> str | None:
        """Why a channel is unreachable, None if it is not."""
        found: str | None = await self._scripts.ask(self._scripts.redis.get(self._scripts.key("aside", channel)))
        return found

    async def mark_unreachable(self, channel: str, why: str, *, for_s: float) -> None:
        """A channel refuses: edit nothing there for a while."""
        await self._scripts.run("set_aside", channel, why, round(for_s * 1000))

    async def mark_reachable(self, channel: str) -> None:
        """A channel takes messages again."""
        await self._scripts.ask(self._scripts.redis.delete(self._scripts.key("aside", channel)))

    async def note_file(self, card: str, file_id: str) -> None:
        """Remember a file that is uploaded and about to be shared, to be found if that reply is lost."""
        await self._scripts.ask(self._scripts.redis.hset(self._scripts.key("card", card), "file_id", file_id))

    async def hold(self, for_s: float) -> None:
        """Obey a Retry-After, on every replica."""
        await self._scripts.run("hold", "chat.postMessage", microseconds(for_s))


def parse_card_id(item: str) -> CardRef | None:
    """The message that a card's id (team:channel:ts) names."""
    _, _, place = item.partition(":")
    channel, _, ts = place.partition(":")
    return CardRef(channel, ts) if ts else None


async def load_card(scripts: Scripts, item: str) -> Card | None:
    """A card's record by its id (team:channel:ts)."""
    record = await scripts.ask(scripts.redis.hgetall(scripts.key("card", item)))
    team, place = item.partition(":")[0], parse_card_id(item)
    if not record.get("team") or place is None:
        return None
    run: RunKey | None = RunKey.parse(record["run"]) if record.get("run") else None
    return Card(item, team, place, run, record.get("request"), record.get("file_id"), record.get("watcher"))


def _taken(reply: Reply, lane: str, began: float, lease_s: float) -> ClaimedItem:
    if not reply[0]:
        return ClaimedItem(None, wait_s=float(reply[1]) / MICROSECONDS if reply[1] else None)
    item, token, urgency, channel = reply
    return ClaimedItem(Lease(lane, (item,), int(token), began + lease_s, lease_s), item, urgency, channel)
