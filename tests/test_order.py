"""The order of the tests: none is lost, and each process gets some that wait and some that need the CPU."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.order import SHARING, WAITING, deal

ROOT = Path(__file__).parents[1]
QUICK = [f"tests/core/test_{number}.py" for number in range(20)]
SLOW = ["tests/e2e/test_a.py", "tests/e2e/test_b.py", "tests/e2e/test_queue.py", "tests/chaos/test_chaos.py"]


@pytest.mark.parametrize("processes", [1, 2, 3, 8, 40])
def test_no_test_is_lost(processes: int) -> None:
    """No test is lost, however many processes there are."""
    assert sorted(deal(QUICK + SLOW, processes, str)) == sorted(QUICK + SLOW)


def test_each_process_begins_with_what_takes_longest() -> None:
    """Each process begins with the longest tests, and has its share of the rest, spread evenly."""
    dealt = deal(QUICK + SLOW, 2, str)
    first, second = dealt[:12], dealt[12:]
    assert (first[0], second[0]) == ("tests/chaos/test_chaos.py", "tests/e2e/test_queue.py")
    assert [one in SLOW for one in first].index(True, 1) in {5, 6, 7}
    assert [one for one in first if one in QUICK] == QUICK[:10]
    assert [one for one in second if one in QUICK] == QUICK[10:]


def test_two_processes_share_the_browser() -> None:
    """Two of four processes share the browser's tests. The list is cut into four parts of equal length, one per process."""
    seen = [f"tests/browser/test_{number}.py" for number in range(6)]
    waiting = [f"tests/e2e/test_{number}.py" for number in range(10)]
    dealt = deal(QUICK + seen + waiting, 4, str)
    parts = [dealt[number : number + 9] for number in range(0, 36, 9)]
    assert [sum(one in seen for one in part) for part in parts] == [3, 3, 0, 0]
    assert [sum(one in QUICK for one in part) for part in parts] == [5, 5, 5, 5]


def test_one_process_keeps_every_part_in_its_order() -> None:
    """A single process keeps the order of tests that need the CPU."""
    dealt = deal(QUICK, 1, str)
    assert dealt == QUICK


@pytest.mark.parametrize("path", [*WAITING, SHARING])
def test_what_waits_is_there(path: str) -> None:
    """Every listed file or folder exists: a renamed one would lose its place."""
    assert (ROOT / path).exists()


def test_a_file_that_computes_stays_whole() -> None:
    """A file of tests that need the CPU stays together, so that its setup is done once."""
    tests = [f"tests/core/test_{number // 10}.py::test_{number}" for number in range(40)] + SLOW
    files = [test.partition("::")[0] for test in deal(tests, 1, lambda test: test.partition("::")[0])]
    changes = sum(one != other for one, other in itertools.pairwise(files) if other not in SLOW)
    assert changes == 4
