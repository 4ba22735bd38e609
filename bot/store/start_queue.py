"""Queues of starts that wait for a run of their schedule to end.

Each start is a request; a sorted set keeps their order. Its keys, `line` and `waits`, are in
`scripts/shared/queue.lua`. `bot.flows.start_queue` limits how many wait.
"""

from __future__ import annotations

from bot.core.model.request import Request, StartPlan
from bot.core.model.run import Observation, RunFacts, RunKey
from bot.core.model.same_start import same_keys
from bot.core.model.start import Acceptance, LeftQueue, NewRequest, QueuePage, Turn
from bot.flows.lease import Lease
from bot.store.due_sets import microseconds
from bot.store.record_json import to_json
from bot.store.runs import creation_args
from bot.store.scripts import Scripts
from bot.store.start_requests import incident_name, read_request, schedule_fingerprint, stored_request

# Longer than a start may wait, so that an identical request is always recognized as the waiting one.
WORDS_KEPT_S = 8 * 86_400


class StartQueue:
    """Implements the flows' `StartQueue` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def enqueue(
        self, new_request: NewRequest, plan: StartPlan, behind: RunKey, facts: RunFacts, *, most: int
    ) -> tuple[Acceptance, str]:
        """Queue a start, or find the identical one in the queue, and follow the run it waits for."""
        word, request_id = await self._scripts.run(
            "enqueue_start",
            new_request.id,
            ",".join(same_keys(new_request.user, new_request.channel, new_request.start_command, plan.slug)),
            most,
            schedule_fingerprint(plan.slug),
            new_request.channel,
            to_json(stored_request(new_request)),
            to_json(plan),
            behind.name,
            *creation_args(facts, Observation()),
            WORDS_KEPT_S,
            incident_name(new_request.channel, new_request.incident),
        )
        accepted: Acceptance = word
        return accepted, str(request_id)

    async def check_turn(self, lease: Lease, *, longest_s: float, again_s: float) -> Turn:
        """Check whether it's the claimed start's turn.

        The lease keeps being renewed, because Bolt is called next if it's the start's turn.
        """
        turn: Turn = await self._scripts.run(
            "check_turn", lease.member, lease.token, microseconds(longest_s), microseconds(again_s)
        )
        return turn

    async def take_turn(self, lease: Lease, request: Request, plan: StartPlan) -> bool:
        """Take a start out of the queue, ready to be sent. Returns False if it's no longer waiting."""
        word = await self._scripts.run("take_turn", request.id, await lease.stop_renewing(), to_json(plan))
        return bool(word == "ok")

    async def requeue(
        self, lease: Lease, request: Request, behind: RunKey | None, facts: RunFacts, *, delay_s: float
    ) -> bool:
        """Put a start back in its place in the queue, to wait for the run of another start that was faster."""
        name = behind.name if behind else ""
        made = creation_args(facts, Observation())
        word = await self._scripts.run(
            "requeue_start", request.id, await lease.stop_renewing(), microseconds(delay_s), name, *made
        )
        return bool(word == "ok")

    async def queued_of(self, user: str, *, most: int) -> QueuePage:
        """Return a person's queued starts, oldest first."""
        return await self._queued(f"user:{user}", most)

    async def queued_in(self, channel: str, *, most: int) -> QueuePage:
        """Return the queued starts with a card in a channel, oldest first."""
        return await self._queued(f"channel:{channel}", most)

    async def _queued(self, which: str, most: int) -> QueuePage:
        total, *rows = await self._scripts.run("queued_starts", which, most)
        records = (dict(zip(row[::2], row[1::2], strict=True)) for row in rows[1::2])
        found = (read_request(name, record) for name, record in zip(rows[::2], records, strict=True))
        return QueuePage(int(total), tuple(found))

    async def leave_queue(self, request_id: str, why: str, user: str = "") -> LeftQueue:
        """Remove a start from the queue without starting it, whoever holds its claim."""
        left: LeftQueue = await self._scripts.run("leave_queue", request_id, why, user)
        return left
