"""The choice of the watch that applies to a schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.watching.cover import Covers, matches
from tests.core.watching.ends import NIGHTLY, T0, WATCH


def test_the_exact_watch_decides_else_the_longer_prefix_else_the_newer() -> None:
    """The exact watch decides, or else the one with the longer prefix, or else the newer one."""
    every = replace(WATCH, number=1, pattern="*")
    prefix = replace(WATCH, number=2, pattern="night*")
    newer = replace(WATCH, number=3, pattern="night*y")
    exact = replace(WATCH, number=4, pattern="nightly", since=T0 + timedelta(days=1))
    assert Covers.of([every]).deciding(NIGHTLY)["C1"].number == 1
    assert Covers.of([every, prefix]).deciding(NIGHTLY)["C1"].number == 2
    assert Covers.of([every, prefix, newer]).deciding(NIGHTLY)["C1"].number == 3
    decided = Covers.of([exact, every, prefix, newer]).deciding(NIGHTLY)["C1"]
    assert (decided.number, decided.since) == (4, T0)


def test_channels_are_independent_and_paused_or_other_owners_watches_cover_nothing() -> None:
    """Each channel is decided on its own, and a watch that is paused or for another owner covers nothing."""
    here, there = WATCH, replace(WATCH, channel="C2", pattern="*")
    assert set(Covers.of([here, there]).deciding(NIGHTLY)) == {"C1", "C2"}
    assert not Covers.of([replace(here, paused="the channel is archived")]).covering(NIGHTLY)
    assert not Covers.of([replace(here, owner="grace")]).covering(NIGHTLY)
    assert Covers.of([replace(here, owner="ADA")]).covering(NIGHTLY)


def test_a_glob_fits_slug_or_name() -> None:
    """A glob matches the whole slug or the whole name, ignoring case."""
    assert matches("Nightly full*", NIGHTLY)
    assert matches("NIGHT*", NIGHTLY)
    assert not matches("Nightly", NIGHTLY)
    assert not matches("hourly*", NIGHTLY)
