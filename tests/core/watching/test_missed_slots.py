"""Slots without a run: when they're counted, and which slot a run fills."""

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
    """This many minutes after the slot, as it's stored."""
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
    """Settle the schedule's slots this many minutes after the slot."""
    upcoming_at = 0 if upcoming is None else stamp(upcoming)
    slots = Slots(upcoming_at, (), tuple(map(stamp, waiting)), 0 if missed is None else stamp(missed))
    has_all = len(runs) < PAGE
    return settle(NIGHTLY, slots, runs, after(minutes), has_all=has_all, is_cut=is_cut, has_all_new=has_all_new)


def found(settled: Settled) -> tuple[list[float], float | None, list[float]]:
    """The waiting, missed and counted slots, each in minutes after SLOT."""

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
    """A run fills the latest slot before it, or one up to a minute later; here, the slot at 60 minutes has passed."""
    runs = () if began is None else (run(1, began),)
    second = [] if began in {59, 61} else [60]
    assert found(look(62, *runs, waiting=(0, 60), upcoming=120)) == (second, None, [] if fills else [0])


def test_a_slot_waits_for_its_run_and_is_missed_after_half_an_hour() -> None:
    """A slot without a run is missed after half an hour, and counted only once the next one has passed."""
    assert found(look(29)) == ([0], None, [])
    assert found(look(30)) == ([], 0, [])
    assert found(look(50, missed=0, waiting=())) == ([], 0, [])
    assert found(look(61, missed=0, waiting=(60,))) == ([60], None, [0])
    assert found(look(95, missed=0, waiting=(60,))) == ([], 60, [0])


def test_a_run_that_begins_late_is_the_slot_s_run() -> None:
    """A run that begins late, even by hours, fills its slot unless the next slot is near."""
    assert found(look(50, run(1, 47), missed=0, waiting=(), upcoming=60)) == ([], None, [])
    assert found(look(60, run(1, 59), missed=0, waiting=(), upcoming=60)) == ([], 0, [])


@pytest.mark.parametrize(
    "facts", [{"parent_run_id": 7}, {"branch": "dev"}, {"pull_request": "3"}, {"started_at": None}], ids=str
)
def test_other_runs_fill_no_slot(facts: dict[str, object]) -> None:
    """A retry, a run on another branch or for a pull request, and a run without a start time don't fill a slot."""
    other = replace(run(1, 1), **facts)  # type: ignore[arg-type]
    assert found(look(40, other)) == ([], 0, [])


@pytest.mark.parametrize("state", ["RUNNING", "FAILED", "CANCELED", "SKIPPED"])
def test_a_run_fills_its_slot_whatever_becomes_of_it(state: str) -> None:
    """A run fills its slot by beginning, whatever becomes of it."""
    assert found(look(40, run(1, 1, state))) == ([], None, [])


def test_several_slots_are_settled_at_once() -> None:
    """Several slots are settled at once, each by its own run."""
    assert found(look(150, run(1, 62), waiting=(0, 60, 120), upcoming=180)) == ([], 120, [0])
    assert found(look(130, run(1, 121), waiting=(0, 60, 120), upcoming=180)) == ([], None, [0, 60])


def test_a_slot_before_the_oldest_listed_run_is_not_counted() -> None:
    """A slot before the oldest listed run isn't counted, because its run may be on the next page."""
    page = [run(number, 10 + number, branch="dev") for number in range(PAGE)]
    assert found(look(40, *page)) == ([], None, [])
    assert found(look(40, *page[:-1])) == ([], 0, [])
    assert found(look(70, *page, waiting=(60,), missed=0)) == ([60], None, [0])
    assert found(look(70, *page, waiting=(0, 60))) == ([60], None, [])


def test_if_older_runs_cannot_be_listed_slots_before_them_wait_for_a_day() -> None:
    """If older runs can't be listed, slots before them wait for up to a day, and later slots are settled."""
    page = [run(number, 10 + number, branch="dev") for number in range(PAGE)]
    assert found(look(40, *page, is_cut=True)) == ([0], None, [])
    assert found(look(70, *page, waiting=(0, 60), is_cut=True)) == ([0, 60], None, [])
    assert found(look(95, *page, waiting=(0, 60), is_cut=True)) == ([0], 60, [])
    assert found(look(125, *page, waiting=(0, 120), missed=60, is_cut=True)) == ([0, 120], None, [60])
    assert found(look(125, *page, run(50, 40), waiting=(0, 60, 120), is_cut=True)) == ([120], None, [60])
    assert found(look(24 * 60, *page, missed=60, is_cut=True)) == ([], 60, [])


def test_a_missed_slot_waits_again_if_a_run_since_may_not_be_listed() -> None:
    """A missed slot waits again if some later runs may not be listed, because its run may be one of them."""
    page = [run(number, 70 + number, branch="dev") for number in range(PAGE)]
    assert found(look(125, *page, waiting=(120,), missed=0, is_cut=True)) == ([120], None, [0])
    assert found(look(125, *page, waiting=(120,), missed=0, is_cut=True, has_all_new=False)) == ([0, 120], None, [])
    assert found(look(125, *page, waiting=(), missed=0, is_cut=True, has_all_new=False)) == ([0], None, [])


@pytest.mark.parametrize(("oldest", "reaches"), [(-1, True), (0, False), (10, False)])
def test_older_pages_are_read_as_far_as_the_oldest_slot_that_waits(oldest: float, reaches: bool) -> None:  # noqa: FBT001 - a table
    """Older pages are read until one lists a run from at least a minute before the oldest waiting slot."""
    page = [run(2, 30), run(1, oldest)]
    assert reaches_waiting(Slots(waiting=(stamp(0), stamp(20))), page) is reaches
    assert reaches_waiting(Slots(missed=stamp(0)), page)


def test_a_paused_schedule_misses_nothing() -> None:
    """A paused schedule misses nothing, and the next listing drops its slots."""
    slots = Slots(0, (), (SLOT.timestamp(),))
    assert settle(replace(NIGHTLY, suspended=True), slots, (), after(90), has_all=True) == Settled(slots)


def test_nothing_to_settle_changes_nothing() -> None:
    """Without a waiting slot, nothing changes."""
    slots = Slots(SLOT.timestamp(), (1.0,))
    assert settle(NIGHTLY, slots, [run(1, 1)], after(90), has_all=True) == Settled(slots)


def test_a_digest_shows_a_missed_slot_in_whose_time_its_grace_was_over() -> None:
    """Each missed slot is shown by one digest: the one whose period contains the end of the slot's grace period."""
    slots = Slots(missed=SLOT.timestamp())
    assert shown_missed(slots, after(0), after(31)) == SLOT
    assert shown_missed(slots, after(0), after(30)) is None
    assert shown_missed(slots, after(30), after(60)) == SLOT
    assert shown_missed(slots, after(31), after(60)) is None
    assert shown_missed(Slots(waiting=(SLOT.timestamp(),)), after(0), after(60)) is None


def test_a_look_is_due_once_when_the_grace_is_over() -> None:
    """A look is due once, at the first listing after the grace period."""
    slots, step = Slots(waiting=(SLOT.timestamp(),)), timedelta(seconds=15)
    assert not needs_look(slots, after(29.9), after(29.9) - step)
    assert needs_look(slots, after(30), after(30) - step)
    assert not needs_look(slots, after(30) + step, after(30))
    assert not needs_look(slots, after(30), None)
