"""When a schedule is late, by the slots that Bolt has listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.model.bolt import RunSummary
from bot.core.model.notice import Lateness
from bot.core.model.slots import LateBoard, Slots
from bot.core.watching.late import Judged, is_count_only, judge, note_listing, on_board
from tests.core.watching.ends import NIGHTLY, T0, WATCH

SLOT = T0 + timedelta(hours=1)
WATCHING = replace(WATCH, late_s=1800)


def after(minutes: float) -> datetime:
    """This many minutes after the slot."""
    return SLOT + timedelta(minutes=minutes)


def run(number: int, minutes: float, state: str = "SUCCESS", **facts: object) -> RunSummary:
    """A run that began this many minutes after the slot and took a minute."""
    ended = None if state == "RUNNING" else after(minutes + 1)
    listed = RunSummary(number, state, "scheduler", started_at=after(minutes), ended_at=ended, branch="main")
    return replace(listed, **facts)  # type: ignore[arg-type]


def look(
    minutes: float,
    *runs: RunSummary,
    passed: Sequence[float] = (0,),
    known: Lateness | None = None,
    upcoming: float | None = None,
) -> Judged:
    """Judge the schedule this many minutes after the slot."""
    slots = Slots(after(upcoming).timestamp() if upcoming else 0, tuple(after(one).timestamp() for one in passed))
    return judge(NIGHTLY, slots, runs, {"C1": WATCHING}, {"C1": known} if known else {}, after(minutes))


def late(minutes: float = 30, *runs: RunSummary, passed: Sequence[float] = (0,)) -> Lateness:
    """The lateness that is found."""
    return look(minutes, *runs, passed=passed).changed["C1"]


# --- slots ---


def test_slots_are_noted_for_what_wants_them() -> None:
    """Slots are kept for lateness, a digest or both; a slot that a digest knows was missed survives a gap."""
    slot, before = SLOT.timestamp(), Slots(SLOT.timestamp(), missed=1)
    listed = after(0.25), after(-0.25)
    assert note_listing(before, None, *listed, is_counted=True) == Slots(0, (slot,), (slot,), 1)
    assert note_listing(before, None, *listed, is_judged=False, is_counted=True) == Slots(0, (), (slot,), 1)
    assert note_listing(before, None, *listed) == Slots(0, (slot,))
    waiting = Slots(waiting=(slot,), missed=1)
    assert note_listing(waiting, None, after(20), after(9), is_counted=True) == Slots(missed=1)


def test_a_slot_that_was_listed_before_it_passed_is_judged() -> None:
    """A slot that was listed before it passed is judged, and the next one is awaited."""
    before = note_listing(Slots(), SLOT, after(-0.25), after(-0.5))
    assert before == Slots(SLOT.timestamp())
    passed = note_listing(before, after(60), after(0.25), after(-0.25))
    assert passed == Slots(after(60).timestamp(), (SLOT.timestamp(),))
    assert note_listing(passed, after(60), after(0.5), after(0.25)) == passed


def test_a_time_that_stays_listed_passes_once() -> None:
    """If a time stays listed after it has passed, because it's updated only when the run starts, it counts once."""
    passed = note_listing(Slots(SLOT.timestamp()), SLOT, after(0), after(-0.25))
    assert passed == Slots(0, (SLOT.timestamp(),))
    assert note_listing(passed, SLOT, after(0.25), after(0)) == passed


@pytest.mark.parametrize("listed_at", [None, after(-9)])
def test_a_slot_in_a_blind_spell_is_never_judged(listed_at: datetime | None) -> None:
    """A slot in a gap is never judged, and a slot that was awaiting judgment is dropped."""
    known = Slots(SLOT.timestamp(), (after(-30).timestamp(),))
    assert note_listing(known, after(60), after(2), listed_at) == Slots(after(60).timestamp())


def test_a_slot_that_is_moved_before_it_passes_is_no_slot() -> None:
    """A slot that is moved before it passes isn't judged, because somebody changed the schedule."""
    moved = note_listing(Slots(SLOT.timestamp()), after(60), after(-1), after(-2))
    assert note_listing(moved, after(60), after(1), after(-1)).passed == ()


# --- judging ---


def test_nothing_is_late_within_the_grace() -> None:
    """Nothing is late within the grace period, and the schedule is judged again when that period is over."""
    judged = look(10)
    assert (judged.changed, judged.again_s) == ({}, 20 * 60)
    assert judged.slots.passed == (SLOT.timestamp(),)


@pytest.mark.parametrize(
    ("found", "is_late"),
    [
        ((), True),
        ((run(1, 0),), False),
        ((run(1, -1),), False),
        ((run(1, -1.1),), True),
        ((run(1, 29, "FAILED"),), False),
        # A run that doesn't count doesn't fill the slot.
        ((run(1, 5, branch="dev"),), True),
        ((run(1, 5, pull_request="7"),), True),
        ((run(1, 5, parent_run_id=9),), True),
    ],
)
def test_a_schedule_is_late_without_a_run_since_its_slot(found: tuple[RunSummary, ...], *, is_late: bool) -> None:
    """A schedule is late if no counted run has begun since a minute before its slot."""
    judged = look(30, *found)
    assert bool(judged.changed) is is_late
    assert judged.again_s == (60 if is_late else None)
    assert judged.slots.passed == ()


def test_slots_before_the_watch_are_not_its_business() -> None:
    """Slots from before the watch aren't judged."""
    assert look(30, passed=(-61,)).changed == {}


def test_missed_slots_are_counted_and_the_next_start_ends_it() -> None:
    """Missed slots are counted until a run starts, and that run belongs to the latest slot before it."""
    opened = late()
    assert (opened.slots, opened.first, opened.is_open) == (1, SLOT, True)
    counted = look(90, passed=(60,), known=opened).changed["C1"]
    assert (counted.slots, counted.first, counted.latest) == (2, SLOT, after(60))
    ended = look(107, run(5, 107, "RUNNING"), passed=(), known=counted).changed["C1"]
    assert not ended.is_open
    assert (ended.started and ended.started.run, ended.started_for) == (5, after(60))
    # On time for the next slot, which hasn't been judged yet.
    on_time = look(121, run(5, 120), passed=(120,), known=counted).changed["C1"]
    assert on_time.started_for == after(120)
    early = look(119.5, run(5, 119.5), passed=(), known=counted, upcoming=120).changed["C1"]
    assert early.started_for == after(120)


def test_nothing_new_changes_nothing() -> None:
    """If nothing is new, nothing changes, and the schedule is judged again in a minute."""
    judged = look(31, known=late(), passed=())
    assert (judged.changed, judged.again_s) == ({}, 60)


def test_an_earlier_run_that_is_still_active_is_why() -> None:
    """An earlier run that is still active is given as the reason until it ends."""
    opened = late(30, run(4, -300, "RUNNING"))
    assert opened.running is not None
    assert opened.running.run == 4
    ended = look(31, run(4, -300), known=opened, passed=()).changed["C1"]
    assert ended.running is None
    assert ended.is_open


def test_a_paused_schedule_is_not_late() -> None:
    """A paused schedule isn't late; if it was already reported as late, the report ends with that reason."""
    paused = replace(NIGHTLY, suspended=True)
    slots = Slots(0, (SLOT.timestamp(),))
    judged = judge(paused, slots, (), {"C1": WATCHING}, {"C1": late()}, after(40))
    assert judged.changed["C1"].why == "it's paused in Bolt"
    assert (judged.slots, judged.again_s) == (Slots(), None)


def test_where_nobody_watches_it_any_more_it_ends() -> None:
    """If the schedule is no longer watched for lateness, an open notice about it ends without a run."""
    for deciding in ({}, {"C1": WATCH}):
        judged = judge(NIGHTLY, Slots(), (), deciding, {"C1": late()}, after(40))
        assert judged.changed["C1"].why == "it's no longer watched here"
        assert judged.again_s is None


def test_each_channel_has_its_own_grace_and_branch() -> None:
    """Each channel has its own grace period and branch, and a slot is kept until the last channel has judged it."""
    deciding = {"C1": WATCHING, "C2": replace(WATCHING, channel="C2", late_s=3600, branch="dev")}
    slots = Slots(0, (SLOT.timestamp(),))
    judged = judge(NIGHTLY, slots, (run(1, 1),), deciding, {}, after(30))
    assert (judged.changed, judged.slots, judged.again_s) == ({}, slots, 1800)
    assert list(judge(NIGHTLY, slots, (run(1, 1),), deciding, {}, after(60)).changed) == ["C2"]


# --- the channel ---


def latenesses(count: int, minutes: float = 30) -> list[Lateness]:
    """This many late schedules."""
    return [replace(late(), schedule=f"s{number}", opened_at=after(minutes)) for number in range(count)]


def test_five_late_schedules_have_a_message_each() -> None:
    """Up to five late schedules have a message each, and a change to one changes only its own."""
    board, news = on_board(LateBoard(), "C1", "T1", latenesses(5), after(30))
    assert len(board.notices) == len(news) == 5
    ended = replace(news[0].late[0], why="it's paused in Bolt")
    left, changed = on_board(board, "C1", "T1", [ended], after(31))
    assert (len(left.notices), [one.name for one in changed]) == (4, [news[0].name])


def test_more_than_five_share_one() -> None:
    """More than five late schedules share a message, which is closed once none of them is late."""
    board, news = on_board(LateBoard(), "C1", "T1", latenesses(6), after(30))
    assert len(news) == 1
    assert len(news[0].late) == 6
    some = [replace(one, why="it's paused in Bolt") for one in news[0].late[:5]]
    left, _ = on_board(board, "C1", "T1", some, after(31))
    assert len(left.notices) == 1
    last = replace(news[0].late[5], why="it's paused in Bolt")
    assert on_board(left, "C1", "T1", [last], after(32))[0] == LateBoard()


def test_the_sixth_within_two_minutes_begins_a_shared_message_that_others_join() -> None:
    """The sixth within two minutes begins a shared message that later ones join; the first five keep theirs."""
    board, _ = on_board(LateBoard(), "C1", "T1", latenesses(5), after(30))
    sixth, seventh = (replace(late(), schedule=name, opened_at=after(31)) for name in ("a", "b"))
    board, news = on_board(board, "C1", "T1", [sixth], after(31))
    assert [one.schedule for one in news[0].late] == ["a"]
    board, news = on_board(board, "C1", "T1", [seventh], after(31))
    assert [one.schedule for one in news[0].late] == ["a", "b"]
    assert len(board.notices) == 6
    later = replace(late(), schedule="c", opened_at=after(40))
    assert len(on_board(board, "C1", "T1", [later], after(40))[1][0].late) == 1


def test_another_missed_slot_is_only_a_count() -> None:
    """Another missed slot changes only a count, so its edit may wait."""
    board, (notice,) = on_board(LateBoard(), "C1", "T1", [late()], after(30))
    counted = look(90, passed=(60,), known=late()).changed["C1"]
    _, (after_count,) = on_board(board, "C1", "T1", [counted], after(90))
    assert is_count_only(notice, after_count)
    ended = replace(notice, late=(replace(notice.late[0], why="it's paused in Bolt"),))
    assert not is_count_only(notice, ended)
