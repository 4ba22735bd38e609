"""One listing serves all runs of a schedule that end at the same time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.core.model.bolt import RunSummary
from bot.core.model.errors import BoltError, BoltOutcomeUnknown
from bot.flows.run_listings import FRESH_S, KEPT_S, RunListings

ENDED = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)


class Api:
    """Lists the runs that it was given, a moment after it's asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.runs_of: dict[str, list[RunSummary]] = {}
        self.away = False

    async def runs(self, slug: str, limit: int) -> list[RunSummary]:
        """Answer later."""
        assert limit > 1
        self.asked.append(slug)
        await asyncio.sleep(0.01)
        if self.away:
            raise BoltOutcomeUnknown("Bolt doesn't answer.")
        return list(self.runs_of.get(slug, []))


def run(run_id: int, *, ended: bool = True) -> RunSummary:
    """A run in a listing."""
    return RunSummary(run_id, "SUCCESS", "key", ended_at=ENDED if ended else None)


async def test_many_ends_are_one_or_two_requests() -> None:
    """Forty runs that end at once take at most two requests, and runs that aren't listed take no more."""
    api = Api()
    api.runs_of["nightly"] = [run(number) for number in range(40)]
    listings = RunListings(api)  # type: ignore[arg-type]  # lists only
    found = await asyncio.gather(*(listings.runs_with_ended("nightly", number) for number in range(60)))
    assert all([one.id for one in listed] == list(range(40)) for listed in found)
    assert len(api.asked) <= 2


async def test_what_had_not_ended_then_is_asked_for_again() -> None:
    """A listing from before the run's end doesn't count."""
    api = Api()
    api.runs_of["nightly"] = [run(1), run(2, ended=False)]
    listings = RunListings(api)  # type: ignore[arg-type]  # lists only
    assert len(await listings.runs_with_ended("nightly", 1)) == 2
    api.runs_of["nightly"] = [run(1), run(2)]
    assert [one.ended_at for one in await listings.runs_with_ended("nightly", 2)] == [ENDED, ENDED]


async def test_many_starts_look_at_one_listing() -> None:
    """A shared listing is at most a second old: the next one shows what has begun since."""
    now = 0.0
    api = Api()
    api.runs_of["nightly"] = [run(2), run(1)]
    listings = RunListings(api, clock=lambda: now)  # type: ignore[arg-type]  # lists only
    found = await asyncio.gather(*(listings.newest_runs("nightly") for _ in range(40)))
    assert [one.id for one in found[0]] == [2, 1]
    assert all(listed == found[0] for listed in found)
    assert len(api.asked) == 1
    api.runs_of["nightly"] = [run(3), run(2), run(1)]
    now += FRESH_S * 1.01
    assert [one.id for one in await listings.newest_runs("nightly")] == [3, 2, 1]


async def test_no_answer_is_no_empty_listing() -> None:
    """All callers who waited get the error without asking again; an empty listing would make every run look new."""
    now = 0.0
    api = Api()
    api.away = True
    listings = RunListings(api, clock=lambda: now)  # type: ignore[arg-type]  # lists only
    found = await asyncio.gather(*(listings.newest_runs("nightly") for _ in range(40)), return_exceptions=True)
    assert all(isinstance(one, BoltError) for one in found)
    assert len(api.asked) == 1
    api.away, api.runs_of["nightly"] = False, [run(1)]
    now += FRESH_S * 1.01
    assert [one.id for one in await listings.newest_runs("nightly")] == [1]


async def test_listings_are_forgotten() -> None:
    """Nothing grows with the number of schedules ever seen."""
    now = 0.0
    api = Api()
    listings = RunListings(api, clock=lambda: now)  # type: ignore[arg-type]  # lists only
    for number in range(100):
        await listings.runs_with_ended(f"s{number}", 1)
        now += KEPT_S
    assert len(listings._listings) <= 2


async def test_what_a_listing_tells_is_worked_out_once() -> None:
    """Many starts share the result; a newer listing has its results worked out again, and an error isn't kept."""
    now = 0.0
    api = Api()
    api.runs_of["nightly"] = [run(2), run(1)]
    listings = RunListings(api, lambda: now)  # type: ignore[arg-type]  # lists only
    looked: list[int] = []

    async def newest(listed: list[RunSummary]) -> int:
        await asyncio.sleep(0)
        looked.append(listed[0].id)
        if len(looked) == 1:
            raise LookupError
        return listed[0].id

    with pytest.raises(LookupError):
        await listings.newest_with("nightly", newest)
    found = await asyncio.gather(*(listings.newest_with("nightly", newest) for _ in range(40)))
    assert {told for _, told in found} == {2}
    assert looked == [2, 2]
    now = FRESH_S + 0.1
    api.runs_of["nightly"] = [run(3), run(2)]
    listed, told = await listings.newest_with("nightly", newest)
    assert [one.id for one in listed] == [3, 2]
    assert (told, looked, len(api.asked)) == (3, [2, 2, 3], 2)
