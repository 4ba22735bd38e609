"""Lines: starts that wait for a run of their schedule to end. Each is a request of its own; a sorted set is their order."""

from __future__ import annotations

from bot.core.model.request import Request, StartPlan
from bot.core.model.run import Observation, RunFacts, RunKey
from bot.core.model.start import Acceptance, Asked, Turn, WaitingStarts
from bot.flows.lease import Lease
from bot.store.due_sets import microseconds
from bot.store.record_json import to_json
from bot.store.runs import creation_args
from bot.store.scripts import Scripts
from bot.store.start_requests import read_request, same_keys, schedule_digest, stored_request

# The same request is known as the waiting start for longer than that may wait.
WORDS_KEPT_S = 8 * 86_400


class StartQueue:
    """Implements the flows' `StartQueue` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def enqueue(
        self, asked: Asked, plan: StartPlan, behind: RunKey, facts: RunFacts, *, most: int
    ) -> tuple[Acceptance, str]:
        """Record a start that waits, or find the one already there; the run it waits for is followed."""
        word, request_id = await self._scripts.run(
            "enqueue",
            asked.id,
            ",".join(same_keys(asked.user, asked.channel, asked.wanted, plan.slug)),
            most,
            schedule_digest(plan.slug),
            asked.channel,
            to_json(stored_request(asked)),
            to_json(plan),
            behind.name,
            *creation_args(facts, Observation()),
            WORDS_KEPT_S,
        )
        accepted: Acceptance = word
        return accepted, str(request_id)

    async def check_turn(self, lease: Lease, *, longest_s: float, again_s: float) -> Turn:
        """Whether it is the turn of the claimed start. Its claim is still renewed: where it is, Bolt is asked next."""
        turn: Turn = await self._scripts.run(
            "turn", lease.member, lease.token, microseconds(longest_s), microseconds(again_s)
        )
        return turn

    async def take_turn(self, lease: Lease, request: Request, plan: StartPlan) -> bool:
        """From here on it is as any start whose card is shown. False where it does not wait any more."""
        word = await self._scripts.run("take_turn", request.id, await lease.stop_renewing(), to_json(plan))
        return bool(word == "ok")

    async def requeue(
        self, lease: Lease, request: Request, behind: RunKey | None, facts: RunFacts, *, delay_s: float
    ) -> bool:
        """Someone else was faster: it waits for that one's run, at its place in the line."""
        name = behind.name if behind else ""
        made = creation_args(facts, Observation())
        word = await self._scripts.run(
            "requeue", request.id, await lease.stop_renewing(), microseconds(delay_s), name, *made
        )
        return bool(word == "ok")

    async def waiting_of(self, user: str, *, most: int) -> WaitingStarts:
        """The starts of a person that wait, first one first."""
        return await self._waiting(f"user:{user}", most)

    async def waiting_in(self, channel: str, *, most: int) -> WaitingStarts:
        """The starts with a card in a channel that wait, first one first."""
        return await self._waiting(f"channel:{channel}", most)

    async def _waiting(self, which: str, most: int) -> WaitingStarts:
        total, *rows = await self._scripts.run("waiting", which, most)
        records = (dict(zip(row[::2], row[1::2], strict=True)) for row in rows[1::2])
        found = (read_request(name, record) for name, record in zip(rows[::2], records, strict=True))
        return WaitingStarts(int(total), tuple(found))

    async def leave_queue(self, request_id: str, why: str, user: str = "") -> str:
        """It is not started, whoever holds the claim on it."""
        return str(await self._scripts.run("leave_line", request_id, why, user))
