"""Whether a server is suitable, judging by the facts it reports."""

from __future__ import annotations

import pytest

from bot.store.fitness import Facts, server_faults

GOOD: Facts = {
    "redis_version": "7.0.15",
    "role": "master",
    "maxmemory_policy": "noeviction",
    "maxmemory": 100,
    "used_memory": 50,
    "aof_enabled": 1,
    "appendfsync": "everysec",
}


def test_a_server_that_will_do() -> None:
    """A suitable server has no faults, even if it only reports the minimum."""
    assert server_faults(GOOD) == []
    assert server_faults({"redis_version": "7.0.15", "maxmemory_policy": "noeviction"}) == []


@pytest.mark.parametrize(
    ("facts", "about", "is_fatal"),
    [
        ({"redis_version": "6.2.14"}, "version", True),
        ({"role": "slave"}, "role", True),
        ({"maxmemory_policy": "volatile-ttl"}, "memory", True),
        ({"maxmemory_policy": None}, "memory", False),
        ({"used_memory": 90}, "memory", False),
        ({"aof_enabled": 0, "appendfsync": "no"}, "persistence", False),
        ({"appendfsync": "no"}, "persistence", False),
        ({"aof_last_write_status": "err"}, "persistence", False),
        ({"rdb_last_bgsave_status": "err"}, "persistence", False),
    ],
)
def test_each_fault(facts: Facts, about: str, is_fatal: bool) -> None:  # noqa: FBT001 - a row of the table
    """One fault, with a fix."""
    (fault,) = server_faults({**GOOD, **facts})
    assert (fault.about, fault.is_fatal) == (about, is_fatal)
    assert fault.sentence.endswith(".")
    assert fault.fix.endswith(".")


def test_the_fatal_ones_come_first() -> None:
    """The bot refuses to start because of the first fault, so fatal faults come first."""
    found = server_faults({**GOOD, "aof_enabled": 0, "role": "slave", "redis_version": "6.0.1"})
    assert [one.is_fatal for one in found] == [True, True, False]
