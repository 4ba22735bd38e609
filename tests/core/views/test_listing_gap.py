"""The message about a gap between listings, and the list of runs in its thread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.model.listing_gap import GapNotice, GapRun, GapState, ListingGap
from bot.core.views.listing_gap import SCHEDULES_LISTED, gap_csv, gap_message, gap_runs
from tests.core.views.plain import said

AT = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
BLIND = ListingGap(1, GapState.BLIND, AT, "Bolt refused my API key.")
APP = "https://app.example"


def shown(notice: GapNotice) -> str:
    """The message without incidents."""
    return said(gap_message(notice, (), APP, "/bolt", {}).text)


def run(number: int, slug: str = "nightly", state: str = "SUCCESS", **facts: object) -> GapRun:
    """A run that ended in the gap."""
    return GapRun(number, slug, slug.title(), state, ended_at=AT + timedelta(minutes=number), **facts)  # type: ignore[arg-type]


def test_while_it_lasts_it_says_why() -> None:
    """While a gap lasts, the message gives the reason and warns that failures may go unreported."""
    assert shown(GapNotice("C1", "T", BLIND)).endswith(": Bolt refused my API key. Failures may go unreported.")


def test_a_gap_without_any_run_is_one_sentence() -> None:
    """A gap without failures is one sentence, whether Bolt or the bot was away."""
    over = ListingGap(1, GapState.COMPLETE, AT, "Bolt refused my API key.", until=AT + timedelta(hours=1))
    assert "I couldn't read Bolt's runs from" in shown(GapNotice("C1", "T", over))
    assert "(Bolt refused my API key). No runs ended in the meantime." in shown(GapNotice("C1", "T", over))
    away = ListingGap(1, GapState.COMPLETE, AT, until=AT + timedelta(hours=1))
    assert "I was away from" in shown(GapNotice("C1", "T", away, runs=2, schedules=1))
    assert "2 runs of 1 schedule ended in the meantime: nothing is failing now." in shown(
        GapNotice("C1", "T", away, runs=2, schedules=1)
    )


def test_a_channel_that_no_longer_watches_gets_no_account() -> None:
    """The message says since when runs couldn't be seen, and why it has no account of them."""
    over = ListingGap(1, GapState.COMPLETE, AT, "Bolt refused my API key.", until=AT + timedelta(hours=1))
    for gap in (BLIND, over):
        assert shown(GapNotice("C1", "T", gap, unwatched=True)).endswith(
            " (Bolt refused my API key). All watches in this channel have since been paused or stopped."
        )


def test_schedules_that_failed_come_first() -> None:
    """Schedules that failed come first, with a line for each schedule up to a limit."""
    text = said(gap_runs([run(1), run(2, "hourly", "FAILED"), run(3, "hourly")], APP, ()).text)
    assert text.index("Hourly: 2 runs, 1 failed; the last one, run 3, succeeded") < text.index("Nightly: 1 run;")
    many = said(gap_runs([run(at, f"s{at:02}") for at in range(SCHEDULES_LISTED + 2)], APP, ()).text)
    assert many.count("run;") == SCHEDULES_LISTED
    assert "… and 2 more schedules" in many


def test_the_file_has_every_run_and_no_formula() -> None:
    """The file has every run; a name that looks like a formula is quoted, and email addresses are left out."""
    table = gap_csv([run(2, "=1+1"), run(1, actor="ada@example.com")]).splitlines()
    assert table[1].startswith("nightly,Nightly,1,SUCCESS,,2026-03-01T02:11:00+00:00,,ada")
    assert table[1].endswith("ada")
    assert table[2].startswith("'=1+1,'=1+1,2")
