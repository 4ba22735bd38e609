"""Slots without a run: when they're counted, and for which slot a run counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.model.bolt import RunSummary
from bot.core.model.slots import Slots
from bot.core.watching.missed_slots import Settled, needs_look, reaches_waiting, settle, shown_missed
from tests.core.watching.ends import NIGHTLY
from tests.core.watching.test_late import SLOT, after, run

PAGE = 20


def stamp(minutes: float) -> float:
    """So many minutes after the slot, as it's stored."""
    return after(minutes).timestamp()


def look(
    minutes: float,
    *runs: RunSummary,
    waiting: tuple[float, ...] = (0,),
    missed: float | None = None,
    upcoming: float | None = None,
    is_cut: bool = False,
    has_all_new: bool = True,
) -> Settled:
    """Look at the schedule so many minutes after the slot."""
    upcoming_at = 0 if upcoming is None else stamp(upcoming)
    slots = Slots(upcoming_at, (), tuple(map(stamp, waiting)), 0 if missed is None else stamp(missed))
    has_all = len(runs) < PAGE
    return settle(NIGHTLY, slots, runs, after(minutes), has_all=has_all, is_cut=is_cut, has_all_new=has_all_new)


def found(settled: Settled) -> tuple[list[float], float | None, list[float]]:
    """What waits, what is missed, and what is counted, in minutes after the slot."""

    def minutes(at: float | datetime) -> float:
        return ((at if isinstance(at, float) else at.timestamp()) - SLOT.timestamp()) / 60

    left = settled.slots
    return (
        list(map(minutes, left.waiting)),
        minutes(left.missed) if left.missed else None,
        list(map(minutes, settled.counted)),
    )


@pytest.mark.parametrize(
    ("began", "fills"), [(-2, False), (-1, True), (0, True), (29, True), (59, False), (61, False), (None, False)]
)
def test_a_run_belongs_to_the_latest_slot_before_its_start(began: float | None, fills: bool) -> None:  # noqa: FBT001 - a table
    """A minute early is fine. Here the next slot, at 60 minutes, has passed too."""
    runs = () if began is None else (run(1, began),)
    second = [] if began in {59, 61} else [60]
    assert found(look(62, *runs, waiting=(0, 60), upcoming=120)) == (second, None, [] if fills else [0])


def test_a_slot_waits_for_its_run_and_is_missed_after_half_an_hour() -> None:
    """Until the next one has passed, it isn't counted, because its run may still begin."""
    assert found(look(29)) == ([0], None, [])
    assert found(look(30)) == ([], 0, [])
    assert found(look(50, missed=0, waiting=())) == ([], 0, [])
    assert found(look(61, missed=0, waiting=(60,))) == ([60], None, [0])
    assert found(look(95, missed=0, waiting=(60,))) == ([], 60, [0])


def test_a_run_that_begins_late_is_the_slot_s_run() -> None:
    """Hours later, too; only once the next slot is near, it's that one's."""
    assert found(look(50, run(1, 47), missed=0, waiting=(), upcoming=60)) == ([], None, [])
    assert found(look(60, run(1, 59), missed=0, waiting=(), upcoming=60)) == ([], 0, [])


@pytest.mark.parametrize(
    "facts", [{"parent_run_id": 7}, {"branch": "dev"}, {"pull_request": "3"}, {"started_at": None}], ids=str
)
def test_other_runs_fill_no_slot(facts: dict[str, object]) -> None:
    """A retry, one of another branch, one for a pull request, one without a start."""
    other = replace(run(1, 1), **facts)  # type: ignore[arg-type]
    assert found(look(40, other)) == ([], 0, [])


@pytest.mark.parametrize("state", ["RUNNING", "FAILED", "CANCELED", "SKIPPED"])
def test_a_run_fills_its_slot_whatever_becomes_of_it(state: str) -> None:
    """It has begun."""
    assert found(look(40, run(1, 1, state))) == ([], None, [])


def test_several_slots_are_settled_at_once() -> None:
    """Of three, the second has its run."""
    assert found(look(150, run(1, 62), waiting=(0, 60, 120), upcoming=180)) == ([], 120, [0])
    assert found(look(130, run(1, 121), waiting=(0, 60, 120), upcoming=180)) == ([], None, [0, 60])


def test_a_slot_before_the_oldest_listed_run_is_not_counted() -> None:
    """Its run may be on the next page. One that was missed already is compared with new runs only."""
    page = [run(number, 10 + number, branch="dev") for number in range(PAGE)]
    assert found(look(40, *page)) == ([], None, [])
    assert found(look(40, *page[:-1])) == ([], 0, [])
    assert found(look(70, *page, waiting=(60,), missed=0)) == ([60], None, [0])
    assert found(look(70, *page, waiting=(0, 60))) == ([60], None, [])


def test_if_older_runs_cannot_be_listed_slots_before_them_wait_for_a_day() -> None:
    """Those after them are settled. A run that's listed may be that of the slot before the oldest one."""
    page = [run(number, 10 + number, branch="dev") for number in range(PAGE)]
    assert found(look(40, *page, is_cut=True)) == ([0], None, [])
    assert found(look(70, *page, waiting=(0, 60), is_cut=True)) == ([0, 60], None, [])
    assert found(look(95, *page, waiting=(0, 60), is_cut=True)) == ([0], 60, [])
    assert found(look(125, *page, waiting=(0, 120), missed=60, is_cut=True)) == ([0, 120], None, [60])
    assert found(look(125, *page, run(50, 40), waiting=(0, 60, 120), is_cut=True)) == ([120], None, [60])
    assert found(look(24 * 60, *page, missed=60, is_cut=True)) == ([], 60, [])


def test_a_missed_slot_waits_again_if_a_run_since_may_not_be_listed() -> None:
    """A look has found out that it was missed; its run may have begun late, and be among those that aren't listed."""
    page = [run(number, 70 + number, branch="dev") for number in range(PAGE)]
    assert found(look(125, *page, waiting=(120,), missed=0, is_cut=True)) == ([120], None, [0])
    assert found(look(125, *page, waiting=(120,), missed=0, is_cut=True, has_all_new=False)) == ([0, 120], None, [])
    assert found(look(125, *page, waiting=(), missed=0, is_cut=True, has_all_new=False)) == ([0], None, [])


@pytest.mark.parametrize(("oldest", "reaches"), [(-1, True), (0, False), (10, False)])
def test_older_pages_are_read_as_far_as_the_oldest_slot_that_waits(oldest: float, reaches: bool) -> None:  # noqa: FBT001 - a table
    """A run that begins a minute early may be its run. One that is missed was compared with them before."""
    page = [run(2, 30), run(1, oldest)]
    assert reaches_waiting(Slots(waiting=(stamp(0), stamp(20))), page) is reaches
    assert reaches_waiting(Slots(missed=stamp(0)), page)


def test_a_paused_schedule_misses_nothing() -> None:
    """The next listing drops its slots."""
    slots = Slots(0, (), (SLOT.timestamp(),))
    assert settle(replace(NIGHTLY, suspended=True), slots, (), after(90), has_all=True) == Settled(slots)


def test_nothing_to_settle_changes_nothing() -> None:
    """Most looks find that."""
    slots = Slots(SLOT.timestamp(), (1.0,))
    assert settle(NIGHTLY, slots, [run(1, 1)], after(90), has_all=True) == Settled(slots)


def test_a_digest_shows_a_missed_slot_in_whose_time_its_grace_was_over() -> None:
    """So that each is shown by one daily digest, and none too early."""
    slots = Slots(missed=SLOT.timestamp())
    assert shown_missed(slots, after(0), after(31)) == SLOT
    assert shown_missed(slots, after(0), after(30)) is None
    assert shown_missed(slots, after(30), after(60)) == SLOT
    assert shown_missed(slots, after(31), after(60)) is None
    assert shown_missed(Slots(waiting=(SLOT.timestamp(),)), after(0), after(60)) is None


def test_a_look_is_due_once_when_the_grace_is_over() -> None:
    """Between the listings before and after it."""
    slots, step = Slots(waiting=(SLOT.timestamp(),)), timedelta(seconds=15)
    assert not needs_look(slots, after(29.9), after(29.9) - step)
    assert needs_look(slots, after(30), after(30) - step)
    assert not needs_look(slots, after(30) + step, after(30))
    assert not needs_look(slots, after(30), None)
