"""Finding new runs in a listing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.core.model.bolt import RunSummary
from bot.core.model.discovery import Ledger
from bot.core.model.run_end import RunEnd
from bot.core.watching.discovery import (
    FINAL_KEPT,
    SUCCESSES_KEPT,
    compare,
    is_over,
    known_before,
    reaches_known,
    remember,
    was_accounted,
    without,
)
from bot.core.watching.ends import end_of_listing
from tests.core.watching.ends import T0


def settle(ledger: Ledger, over: Sequence[RunSummary]) -> Ledger:
    """Record that the ends of these runs have been accounted for."""
    return remember(ledger, [end_of_listing(one) for one in over])


def run(number: int, state: str = "SUCCESS", *, minutes: float | None = None) -> RunSummary:
    """A run that starts this many minutes after the first one, and takes a minute."""
    began = T0 + timedelta(minutes=number if minutes is None else minutes)
    over = state not in {"RUNNING", "STARTING"}
    return RunSummary(
        number, state, "scheduler", started_at=began, ended_at=began + timedelta(minutes=1) if over else None
    )


NOW = T0 + timedelta(hours=2)


def test_at_the_first_look_only_active_runs_are_new() -> None:
    """At the first look, only active runs are new."""
    found = compare(Ledger(), [run(3, "RUNNING"), run(2, "FAILED"), run(1)], NOW)
    assert ([one.id for one in found.begun], found.ended) == ([3], ())
    again = compare(found.ledger, [run(3, "FAILED"), run(2, "FAILED"), run(1)], NOW)
    assert [one.id for one in again.ended] == [3]
    assert not compare(settle(again.ledger, again.ended), [run(3, "FAILED"), run(2, "FAILED"), run(1)], NOW)


def test_what_ended_between_the_watch_and_the_first_look_is_news() -> None:
    """Runs that ended between the watch and the first look are new, because Bolt may have been away."""
    found = compare(Ledger(), [run(9, "FAILED"), run(3, "FAILED")], NOW, since=T0 + timedelta(minutes=5))
    assert [one.id for one in found.ended] == [9]
    assert [one for one, _ in found.ledger.final] == [3]


def test_what_is_accounted_already_or_was_over_before_the_watch_is_no_news() -> None:
    """Ends that have been accounted for, or that came before the watch, are known."""
    since, listed = T0 + timedelta(minutes=2.5), [run(3, "RUNNING"), run(2, "FAILED"), run(1)]
    assert [one.run for one in known_before(Ledger(), listed, since)] == [1]
    assert [one.run for one in known_before(settle(Ledger(), [run(2, "FAILED")]), listed, since)] == [2, 1]


def test_a_run_that_is_left_out_is_found_again() -> None:
    """A run that is left out is found again later, but a run that was known to be active isn't left out."""
    known = compare(Ledger(begun=True), [run(1, "RUNNING")], NOW).ledger
    listed = [run(3, "RUNNING"), run(2), run(1)]
    found = compare(known, listed, NOW)
    assert found.fresh == {2, 3}
    left = without(found, frozenset({2, 3}))
    assert ([one.id for one in left.ended], left.begun, left.fresh, left.ledger.active) == ([1], (), frozenset(), (1,))
    later = settle(left.ledger, (*left.ended, run(9)))
    assert compare(later, listed, NOW).fresh == {2, 3}
    assert compare(later, listed, NOW).ledger.held == ()
    assert settle(later, [run(2)]).held == (3,)
    assert without(found, frozenset()) is found


def test_the_newest_success_of_each_branch_is_remembered() -> None:
    """The newest success of each branch is remembered, up to a number of branches."""
    ours, theirs = run(1), replace(run(3), branch="feature")
    ledger = settle(Ledger(), [run(4, "CANCELED"), theirs, run(2), ours])
    assert [one.run for one in ledger.successes] == [2, 3]
    many = [replace(run(number), branch=f"feature{number}") for number in range(10, 60)]
    assert [one.run for one in settle(ledger, many).successes] == list(range(60 - SUCCESSES_KEPT, 60))


def test_ends_come_in_their_own_order_and_late_ones_are_found() -> None:
    """Ends come in the order in which the runs ended, and late ones are found."""
    begun = compare(Ledger(), [run(1)], NOW).ledger
    found = compare(begun, [run(3, minutes=3), run(4, minutes=2), run(1)], NOW)
    assert [one.id for one in found.ended] == [4, 3]
    late = compare(settle(begun, [run(3)]), [run(3), run(2, "FAILED"), run(1)], NOW)
    assert [one.id for one in late.ended] == [2]


def test_what_lies_below_the_floor_is_no_news() -> None:
    """Runs that began before the oldest remembered start aren't new."""
    known = settle(Ledger(begun=True), [run(number) for number in range(10, 20)])
    assert not compare(known, [run(12), run(5, "FAILED")], NOW)
    assert len(settle(known, [run(number) for number in range(20, 300)]).final) == FINAL_KEPT


def test_an_active_run_is_never_dropped() -> None:
    """An active run is never forgotten, however many others end."""
    ledger = compare(Ledger(begun=True), [run(1, "RUNNING")], NOW).ledger
    ledger = settle(ledger, [run(number) for number in range(2, 200)])
    assert ledger.active == (1,)
    assert [one.id for one in compare(ledger, [run(1, "FAILED")], NOW).ended] == [1]


def test_paging_ends_at_what_is_known() -> None:
    """Paging ends at the first known run."""
    known = settle(Ledger(begun=True), [run(5)])
    assert not reaches_known(known, [run(7), run(6)])
    assert reaches_known(known, [run(6), run(5)])
    assert reaches_known(Ledger(), [run(6)])


def test_a_state_that_nobody_knows_is_over_ten_minutes_after_its_end() -> None:
    """An unknown state counts as final ten minutes after its end, and an active state never does."""
    ended = run(1, "Finished", minutes=0)
    assert not is_over(ended, T0 + timedelta(minutes=10))
    assert is_over(ended, T0 + timedelta(minutes=11))
    assert not is_over(run(1, "RUNNING"), NOW)
    assert [one.state for one in compare(Ledger(begun=True, active=(1,)), [ended], NOW).ended] == ["Finished"]


def test_an_end_was_accounted_although_newer_runs_have_made_its_run_forgotten() -> None:
    """An end that was accounted for is recognized even if newer runs have displaced it, unless it's still expected."""
    old = RunEnd(1, "FAILED", T0 - timedelta(days=1), T0)
    newer = tuple((number, T0.timestamp() + number) for number in range(2, FINAL_KEPT + 2))
    assert was_accounted(Ledger(final=newer), old)
    assert was_accounted(Ledger(final=newer), replace(old, run=2, started_at=None))
    assert not was_accounted(Ledger(final=newer, active=(1,)), old)
    assert not was_accounted(Ledger(final=newer[1:]), old)
    assert not was_accounted(Ledger(final=newer), replace(old, started_at=None))
