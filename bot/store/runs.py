"""Runs: one hash per run, with who asked for it, its last observation, any request to cancel it, and its end.

`scripts/shared/expiry.lua` decides when a finished run begins to expire. `bot.core.runs.poll_interval` decides how
often a run is polled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.model.asker import Asker
from bot.core.model.cancel_wish import WishAnswer
from bot.core.model.card import Card
from bot.core.model.polling import Observed, Stored, Strayed
from bot.core.model.run import (
    FAILURE_STATES,
    CancelWish,
    CardRef,
    End,
    Observation,
    Retried,
    Run,
    RunFacts,
    RunKey,
    is_final,
)
from bot.core.runs.stray_rule import StrayRule
from bot.core.watching.ends import end_of_run
from bot.flows.cooperative import in_pieces
from bot.flows.lease import Lease
from bot.store.due_sets import MICROSECONDS, microseconds
from bot.store.lanes import load_card
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts

# About one poll interval, after which all failures in a burst of ends have been seen.
SUCCESSES_LATER_S = 10.0


@dataclass(frozen=True, slots=True)
class StoredCancelWish:
    """A stored request to cancel a run, with how to reply to the person who made it."""

    asker: Asker
    at: datetime


def card_id(team: str, card: CardRef) -> str:
    """Return a card's id in lanes and keys: team:channel:ts."""
    return f"{team}:{card.channel}:{card.ts}"


def creation_args(facts: RunFacts, seen: Observation) -> tuple[str, ...]:
    """Return the arguments that scripts need to create a run's record."""
    text = to_json(seen)
    usual = "" if facts.usual_s is None else str(facts.usual_s)
    began = str(facts.asked_at.timestamp()) if facts.asked_at else ""
    return to_json(facts), text, seen.state, _fingerprint(text), usual, began


class Runs:
    """Implements the flows' `Runs` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def load_run(self, key: RunKey) -> Run | None:
        """Load a run. Returns None if it isn't stored."""
        record = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("run", key.name)))
        return read_run(key, record) if record.get("rev") else None

    async def load_card(self, team: str, card: CardRef) -> Card | None:
        """Load a card. Returns None if it isn't stored."""
        return await load_card(self._scripts, card_id(team, card))

    async def known(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]:
        """Return which of these runs belong to one of our requests. Runs that are only followed are left out."""
        if not run_ids:
            return frozenset()
        names = (RunKey(workspace, run_id).name for run_id in run_ids)
        return frozenset(RunKey.parse(name).id for name in await self._scripts.run("known_runs", *names))

    async def store_observations(self, lease: Lease, claimed_us: int, observed: Sequence[Observed]) -> list[Stored]:
        """Store one poll's observations of many runs with a single script. Returns one word per run.

        If many runs end at once, the successes are concluded later, so that failures are announced first.
        """
        token = await lease.stop_renewing()
        later_s = min(SUCCESSES_LATER_S, max((one.next_s for one in observed), default=0))
        rows = await in_pieces(observed, _row)
        args = (part for row in rows for part in row)
        words: list[Stored] = await self._scripts.run(
            "record_polls", lease.due, token, claimed_us, microseconds(later_s), *args
        )
        return words

    async def make_due_now(self, keys: Sequence[RunKey], *, gap_s: float) -> int:
        """Make followed runs due now, each at most once every `gap_s` seconds. Returns how many became due."""
        return int(await self._scripts.run("hint_runs", microseconds(gap_s), *(key.name for key in keys)))

    async def stray(self, lease: Lease, rule: StrayRule) -> dict[str, Strayed]:
        """Set aside runs for which Bolt returns only an error. Each becomes `stray`, or `lost` after too long."""
        times = (microseconds(rule.least_s), microseconds(rule.most_s), microseconds(rule.lost_after_s))
        words: list[Strayed] = await self._scripts.run(
            "poll_one_by_one", lease.due, await lease.stop_renewing(), *times, *lease.members
        )
        return dict(zip(lease.members, words, strict=True))

    async def conclude(self, lease: Lease, run: Run, end: End) -> bool:
        """Record how a run ended, finalize its cards and queue the thread posts.

        Returns False if it's already recorded.
        """
        token = await lease.stop_renewing()
        urgency = "fail" if run.seen.state in FAILURE_STATES else "end"
        ended = to_json(end_of_run(run, end))
        word = await self._scripts.run(
            "conclude_run", run.key.name, token, to_json(end), urgency, int(end.log == "late"), ended
        )
        return bool(word == "ok")

    async def late_log(self, lease: Lease, run: Run, end: End) -> None:
        """Queue the post of a late log, which has arrived or never will."""
        token, ended = await lease.stop_renewing(), to_json(end_of_run(run, end))
        await self._scripts.run("queue_late_log", run.key.name, token, to_json(end), ended)

    async def final_since_s(self, key: RunKey) -> float:
        """Return how many seconds ago the run was first seen to be over, or 0 if it isn't."""
        return int(await self._scripts.run("final_since", key.name)) / MICROSECONDS

    async def record_wish(
        self, key: RunKey, asker: Asker, at: datetime, facts: RunFacts, seen: Observation, card: CardRef | None
    ) -> WishAnswer:
        """Store a request to cancel a run. Only the first one counts."""
        word, record = await self._scripts.run(
            "wish_cancel",
            key.name,
            to_json(StoredCancelWish(asker, at)),
            *creation_args(facts, seen),
            card_id(asker.team, card) if card else "",
        )
        if word == "final":
            return WishAnswer(word, state=record)
        wish = from_json(StoredCancelWish, record)
        return WishAnswer(word, wish=CancelWish(wish.asker.user, wish.at))

    async def wisher(self, key: RunKey) -> Asker | None:
        """Return who wants a run cancelled, and how to reply to that person."""
        text = await self._scripts.ask(self._scripts.redis.hget(self._scripts.key("run", key.name), "wish"))
        return from_json(StoredCancelWish, text).asker if text else None

    async def cancel_asked(self, lease: Lease, key: RunKey, *, most: int) -> int:
        """Record an attempt to cancel, just before calling Bolt.

        Returns its number, 0 if the claim or the request to cancel is gone, or -1 if the limit is reached.
        """
        token = await lease.stop_renewing()
        return int(await self._scripts.run("record_cancel_attempt", key.name, token, most))

    async def cancel_tries(self, key: RunKey) -> int:
        """Return how often Bolt was asked to cancel this run."""
        tries = await self._scripts.ask(self._scripts.redis.hget(self._scripts.key("run", key.name), "tries"))
        return int(tries or 0)

    async def cancel_not_asked(self, key: RunKey) -> None:
        """Take back an attempt to cancel that never reached Bolt."""
        await self._scripts.ask(self._scripts.redis.hincrby(self._scripts.key("run", key.name), "tries", -1))

    async def drop_wish(self, lease: Lease, key: RunKey, *, keep: bool) -> None:
        """Stop trying to cancel. Unless the request is kept (it was fulfilled), the card no longer shows it."""
        await self._scripts.run("drop_cancel_wish", key.name, await lease.stop_renewing(), int(keep))

    async def actor(self, workspace: str) -> str | None:
        """Return the name of our API key in Bolt's listings, or None if it hasn't been seen in one yet."""
        found: str | None = await self._scripts.ask(self._scripts.redis.get(self._scripts.key("actor", workspace)))
        return found

    async def learn_actor(self, workspace: str, actor: str) -> None:
        """Store the name of our API key in Bolt's listings."""
        await self._scripts.ask(self._scripts.redis.set(self._scripts.key("actor", workspace), actor))

    async def started_by_us(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]:
        """Return which of these runs were started by one of our requests."""
        return await self._with_field(workspace, run_ids, "told")

    async def overridden(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]:
        """Return which of these runs are known to use other commands than their schedule's."""
        if not run_ids:
            return frozenset()
        names = (RunKey(workspace, run_id).name for run_id in run_ids)
        return frozenset(RunKey.parse(name).id for name in await self._scripts.run("runs_with_overrides", *names))

    async def restore_run(
        self, key: RunKey, facts: RunFacts, seen: Observation, team: str, card: CardRef, *, over: bool
    ) -> None:
        """Recreate the record of a run and of its card.

        If the run is over, its end was already announced and isn't announced again.
        """
        await self._scripts.run("restore_run", key.name, *creation_args(facts, seen), card_id(team, card), int(over))

    async def card_in(self, key: RunKey, channel: str) -> CardRef | None:
        """Return a run's card in a channel, or None if it has none there."""
        found = await self._scripts.ask(self._scripts.redis.hget(self._scripts.key("run", key.name, "cards"), channel))
        return CardRef(channel, found.rpartition(":")[2]) if found else None

    async def cards_of(self, key: RunKey) -> dict[str, CardRef]:
        """Return a run's cards by channel."""
        found = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("run", key.name, "cards")))
        return {channel: CardRef(channel, card.rpartition(":")[2]) for channel, card in found.items()}

    async def _with_field(self, workspace: str, run_ids: Sequence[int], *fields: str) -> frozenset[int]:
        if not run_ids:
            return frozenset()
        names = (RunKey(workspace, run_id).name for run_id in run_ids)
        found = await self._scripts.run("runs_with", ",".join(fields), *names)
        return frozenset(RunKey.parse(name).id for name in found)


def _row(one: Observed) -> tuple[str | int, ...]:
    text = to_json(one.seen)
    return (
        one.key.name,
        one.seen.state,
        int(is_final(one.seen.state)),
        _fingerprint(text),
        text,
        microseconds(one.next_s),
    )


def read_run(key: RunKey, record: Mapping[str, str]) -> Run:
    """Build a run from the fields of its record."""
    wish = from_json(StoredCancelWish, record["wish"]) if record.get("wish") else None
    return Run(
        key=key,
        rev=int(record["rev"]),
        facts=from_json(RunFacts, record.get("facts") or "{}"),
        seen=from_json(Observation, record.get("seen") or "{}"),
        wish=CancelWish(wish.asker.user, wish.at.astimezone(UTC), asked=int(record.get("tries") or 0) > 0)
        if wish
        else None,
        end=from_json(End, record["end"]) if record.get("end") else None,
        retried=from_json(Retried, record["retried"]) if record.get("retried") else None,
        without_card=bool(record.get("discovered")) and not record.get("owner"),
    )


def _fingerprint(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:16]
