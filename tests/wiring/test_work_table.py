"""The table of due sets and lanes: complete and consistent."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import bot.store
from bot.wiring.wakeups import WakeEvent
from bot.wiring.work_table import DUE_SETS, LANES
from bot.wiring.workers import woken

SCRIPTS = Path(bot.store.__file__).with_name("scripts")
ROWS = (*DUE_SETS, *LANES)


def words(text: str) -> set[str]:
    """The quoted words in a piece of Lua."""
    return set(re.findall(r"'([a-z_]+)'", text))


def due_sets_of(script: str) -> set[str]:
    """The due sets that a script names, directly or with a variable, except those that it gets as an argument."""
    found = set()
    for given in re.findall(r"key\('due', (\w+|[^()]*\([^()]*\)[^()]*|[^()]+)\)", script):
        variable = re.match(r"[a-z]\w*(?=$|\[)", given)
        if variable is None:
            # In a condition, only the part after `and` is a set's name.
            found |= words(re.split(r"\band\b", given)[-1])
        else:
            defined = re.search(rf"\b{variable[0]}\b(?: =|.* in) (.*)", script)
            assert defined, given
            found |= words(defined[1])
    return found


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("redis.call('ZADD', key('due', 'ends'), 1, id)", {"ends"}),
        ("for _, set in ipairs({'polls', 'strays'}) do\n  local own = key('due', set)", {"polls", "strays"}),
        (
            "local sets = {carded = 'requests', queued = 'queue'}\nlocal set = key('due', sets[to])",
            {"requests", "queue"},
        ),
        ("key('due', yes and 'approvals' or 'requests')", {"approvals", "requests"}),
        (
            "key('due', (from == 'pending' or from == 'approved') and 'approvals' or 'requests')",
            {"approvals", "requests"},
        ),
        ("key('due', ARGV[3])", set()),
    ],
)
def test_due_sets_are_found_in_scripts(script: str, named: set[str]) -> None:
    """Due sets are found in scripts however they're named."""
    assert due_sets_of(script) == named


def test_every_due_set_of_the_scripts_is_in_the_table() -> None:
    """Every due set in the scripts has a row, or nobody would claim from it, and every row has a set."""
    named = {name for path in SCRIPTS.rglob("*.lua") for name in due_sets_of(path.read_text(encoding="utf-8"))}
    assert named == {row.name for row in DUE_SETS}


def test_every_lane_of_the_scripts_is_in_the_table() -> None:
    """Every lane in the scripts has a row, and every row has a lane."""
    texts = [path.read_text(encoding="utf-8") for path in SCRIPTS.rglob("*.lua")]
    named = {name for text in texts for name in re.findall(r"\b(?:push|take)\('(\w+)'", text)}
    assert named == {row.name for row in LANES}


def test_rows_wake_rows_that_exist() -> None:
    """Rows have unique names and wake existing rows, each pair is listed once, and every event wakes a row."""
    names = {row.name for row in ROWS}
    assert len(names) == len(ROWS)
    pairs = Counter((row.name, name) for row in ROWS for name in row.wakes)
    pairs.update((source, row.name) for row in ROWS for source in row.woken_by)
    assert set(pairs.values()) == {1}
    assert {source for source, _ in pairs} <= names | set(WakeEvent)
    assert {name for _, name in pairs} <= names
    assert all(woken(ROWS)[event] for event in WakeEvent)


def test_a_row_wakes_and_is_woken() -> None:
    """A row's wake-ups are those in its own list and in other rows'."""
    found = woken(ROWS)
    assert set(found["polls"]) == {"edits", "ends", "cancels", "queue"}
    assert set(found[WakeEvent.CANCEL_REQUESTED]) == {"cancels", "edits", "polls"}
    assert found[WakeEvent.START_PLANNED] == ("posts",)
