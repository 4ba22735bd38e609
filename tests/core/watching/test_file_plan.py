"""The changes that the watches file makes to the watches on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.model.watch import Watch
from bot.core.watching.file_plan import FilePlan, plan_file

BEFORE, NOW = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)
OF_FILE = Watch("C1", 3, "T", "nightly", BEFORE)
MADE_HERE = Watch("C1", 4, "T", "fin*", BEFORE, "U1")
WANTED = Watch("C1", 0, "T", "nightly", NOW)


def test_what_is_not_there_is_added() -> None:
    """A watch that isn't on record in its channel is added."""
    assert plan_file([WANTED], []) == FilePlan((WANTED,))
    assert plan_file([WANTED], [replace(OF_FILE, channel="C2", made_by="U1")]) == FilePlan((WANTED,))


def test_the_same_file_changes_nothing() -> None:
    """The same file changes nothing: a watch keeps its start and its pause."""
    paused = replace(OF_FILE, paused="shared", paused_at=BEFORE, notify=True)
    assert plan_file([WANTED], [paused, MADE_HERE]) == FilePlan()


def test_other_options_change_it() -> None:
    """Other options change the watch under the same number."""
    changed = replace(WANTED, only="all")
    assert plan_file([changed], [OF_FILE]) == FilePlan(change=(replace(OF_FILE, only="all"),))


def test_a_watch_made_in_slack_becomes_the_files() -> None:
    """A watch made in Slack belongs to the file if the file has the same schedules; others stay as they are."""
    wanted = replace(WANTED, pattern="Fin*")
    assert plan_file([wanted], [MADE_HERE]) == FilePlan(change=(replace(MADE_HERE, pattern="Fin*", made_by=""),))
    own = replace(MADE_HERE, number=2, made_by="")
    assert plan_file([replace(WANTED, pattern="fin*")], [own, MADE_HERE]) == FilePlan()


def test_what_is_gone_from_the_file_is_stopped() -> None:
    """A watch that is gone from the file, or has another branch there, is stopped."""
    assert plan_file([], [OF_FILE, MADE_HERE]) == FilePlan(stop=(OF_FILE,))
    assert plan_file([replace(WANTED, branch="*")], [OF_FILE]).stop == (OF_FILE,)
