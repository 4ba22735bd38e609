"""The order of the tests: the longest first, with tests that wait running alongside tests that compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

# Files and folders whose tests mostly wait, for a clock or another process; those that wait longest come first.
WAITING = (
    "tests/chaos/test_chaos.py",
    "tests/e2e/test_live_log.py",
    "tests/store/test_topologies.py",
    "tests/e2e/test_queue.py",
    "tests/cli/test_commands.py",
    "tests/e2e/test_process.py",
    "tests/test_install_page.py",
    "tests/e2e/test_service_outages.py",
    "tests/e2e/test_expected.py",
    "tests/e2e/test_sockets.py",
    "tests/e2e/test_logs.py",
    "tests/e2e/test_crashes.py",
    "tests/e2e/test_readonly.py",
    "tests/e2e/",
    "tests/sandbox/test_child.py",
)
# These share a browser, which is expensive to start, so only two processes run them.
SHARING = "tests/browser/"
SHARERS = 2


def deal(tests: Sequence[T], processes: int, path: Callable[[T], str]) -> list[T]:
    """The tests in an order that is split into one part per process, as pytest-xdist's `worksteal` does at first.

    Each part has its share of tests that wait, the longest first, spread evenly among tests that need the CPU, which
    keep their order.
    """
    sharing = [one for one in tests if path(one).startswith(SHARING)]
    others = [one for one in tests if not path(one).startswith(SHARING)]
    waiting = sorted((one for one in others if _rank(path(one)) < len(WAITING)), key=lambda one: _rank(path(one)))
    computing = [one for one in others if _rank(path(one)) == len(WAITING)]
    sharers = min(SHARERS, processes)
    shares = [sharing[number::sharers] if number < sharers else [] for number in range(processes)]
    # The shares have equal length, because the list is later cut into parts of equal length.
    for one in waiting:
        min(shares, key=len).append(one)
    dealt: list[T] = []
    for number, mine in enumerate(shares):
        rest = computing[len(computing) * number // processes : len(computing) * (number + 1) // processes]
        dealt += _mixed(mine, rest, path)
    return dealt


def _rank(path: str) -> int:
    return next((number for number, start in enumerate(WAITING) if path.startswith(start)), len(WAITING))


def _mixed(some: Sequence[T], others: Sequence[T], path: Callable[[T], str]) -> list[T]:
    """Merge both, in order and evenly spread, `some` first. `others` stay together by file, to share its setup."""
    ends = {path(one): number + 1 for number, one in enumerate(others)}
    places = [(number / len(some), 0, number) for number in range(len(some))]
    places += [(ends[path(one)] / len(others), 1, number) for number, one in enumerate(others)]
    return [(some, others)[which][number] for _, which, number in sorted(places)]
