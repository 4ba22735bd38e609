"""The watch that a command or the watches file asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.model.command import WatchCommand
from bot.core.model.watch import Quiet, SlowAfter, Watch
from bot.core.watching.watch_of_command import LATE_S, SLOW, WatchPlace, is_about_the_same, watch_of_command

PLACE = WatchPlace("T", "C1", datetime(2026, 11, 23, tzinfo=UTC), "U1")


def test_every_option_is_taken() -> None:
    """Every option of the command is taken; if late and slow are switched off, they become None."""
    quiet, slow = Quiet("22:00", "7:00"), SlowAfter(seconds=90)
    command = WatchCommand(
        "fin*",
        "ada",
        "*",
        only="all",
        mention="S0TEAM",
        pull_requests=True,
        late_s=60.0,
        slow=slow,
        quiet=quiet,
        time_zone="UTC",
    )
    watch = Watch(
        *("C1", 0, "T", "fin*", PLACE.since, "U1", "all", "ada", "*"),
        mention="S0TEAM",
        pull_requests=True,
        late_s=60.0,
        slow=slow,
        quiet=quiet,
        time_zone="UTC",
    )
    assert watch_of_command(command, "fin*", PLACE) == watch
    off = watch_of_command(replace(command, late_s=0, slow=SlowAfter()), "fin*", PLACE)
    assert off == replace(watch, late_s=None, slow=None)


def test_a_single_schedule_is_reported_if_late_or_slow() -> None:
    """A single schedule is reported by default if it's late or slow; a pattern's schedules aren't."""
    watch = watch_of_command(WatchCommand("nightly"), "nightly", PLACE)
    assert watch.late_s == (LATE_S)
    assert watch.slow == (SLOW)
    glob = watch_of_command(WatchCommand("night*"), "night*", PLACE)
    assert (glob.late_s, glob.slow, glob.only, glob.mention) == (None, None, "failures", "owner")


def test_watches_are_about_the_same_schedules() -> None:
    """Two watches are about the same schedules if channel, pattern (ignoring case), owner and branch are equal."""
    watch = watch_of_command(WatchCommand("fin*"), "fin*", PLACE)
    assert is_about_the_same(watch, replace(watch, pattern="FIN*", only="all", number=7))
    for other in ({"channel": "C2"}, {"owner": "ada"}, {"branch": "*"}, {"pattern": "f*"}):
        assert not is_about_the_same(watch, replace(watch, **other))  # type: ignore[arg-type]
