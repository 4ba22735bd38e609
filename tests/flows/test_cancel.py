"""Cancelling: the claim on a wish is kept for as long as Bolt takes to answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
from redis.asyncio import Redis

from bot.core.model.asker import Asker
from bot.core.model.bolt import RunStatus
from bot.core.model.run import LOST, Observation, RunFacts, RunKey
from bot.flows.cancel import RunCanceller, already
from bot.flows.ports.bolt import Bolt
from bot.flows.private_replies import PrivateReplies
from bot.store.due_sets import DueSet
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.workers.claims import keep_lease
from tests.store.record import follow_run
from tests.waiting import PATIENCE_S

KEY = RunKey("w", 1)
ADA = Asker("T", "U0ADA", "A")
LEASE_S = 0.3


@dataclass
class Api:
    """A run that goes on, and a cancelling that is answered when the claim on it has been renewed."""

    scripts: Scripts
    renewed: bool = False
    asked: int = field(default=0)

    async def status(self, run: int) -> RunStatus:
        """It is running."""
        assert run == KEY.id
        return RunStatus("RUNNING")

    async def cancel(self, run: int) -> None:
        """Wait until the score of the claim moves."""
        self.asked += 1
        assert run == KEY.id
        before = await self.score()
        async with asyncio.timeout(PATIENCE_S):
            while await self.score() == before:  # noqa: ASYNC110 - Redis tells nobody that a score has moved
                await asyncio.sleep(0.01)
        self.renewed = True

    async def score(self) -> float | None:
        """The claim's token."""
        return await self.scripts.redis.zscore(self.scripts.key("due", "cancels"), KEY.name)


class Told:
    """Answers nobody."""

    async def reply_privately(self, *_: object) -> bool:
        """It is told."""
        return True


async def test_a_claim_is_renewed_while_bolt_is_asked(redis_client: Redis) -> None:
    """Otherwise another process would take the wish over and ask Bolt a second time."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    await follow_run(scripts, KEY.id)
    runs, due, api = Runs(scripts), DueSet(scripts, "cancels", lease_s=LEASE_S), Api(scripts)
    now = datetime.now(UTC)
    await runs.record_wish(KEY, ADA, now, RunFacts(), Observation("RUNNING"), None)
    cancel = RunCanceller(
        cast("Bolt", api),
        runs,
        due,
        cast("PrivateReplies", Told()),
        app_url="https://b.test",
        now=lambda: datetime.now(UTC),
    )
    claimed = await due.claim(1)
    assert claimed.lease is not None
    async with keep_lease(due, claimed.lease):
        await cancel.advance_cancel(claimed.lease)
    assert api.renewed
    assert api.asked == 1
    assert await runs.cancel_tries(KEY) == 1
    # It is looked at again later, by the same claim.
    assert (await due.claim(1)).lease is None


@pytest.mark.parametrize(
    ("state", "said"),
    [("ERROR", "has already failed"), ("CANCELED", "was already cancelled"), (LOST, "is missing from Bolt")],
)
def test_a_run_that_is_over_is_said_to_be_so_already(state: str, said: str) -> None:
    """The word comes after the verb; what is missing from Bolt needs none."""
    assert already(state) == said
