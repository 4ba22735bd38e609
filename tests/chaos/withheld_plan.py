"""The part of a plan about withheld messages (quiet hours, gaps, removals of the bot, unwatching) and about digests."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.chaos.watch_plan import WatchPlan

# How far Bolt's clock is from ours.
SKEWS_S = (0.0, 0.0, 600.0, -600.0)
# A digest waits for a listing made half a minute after the digest's time. With this clock, it doesn't wait long.
SKEW_OF_DIGESTS_S = 120.0
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
# A little over ten minutes, the length from which a period counts as a gap.
GAP_S = 660.0


@dataclass(frozen=True, slots=True)
class Quieting:
    """Quiet hours in a channel from `at` until the minute is over."""

    at: float
    channel: str
    pattern: str
    zone: str


@dataclass(frozen=True, slots=True)
class DigestWish:
    """A request for a digest at the next minute."""

    at: float
    channel: str
    zone: str


@dataclass(frozen=True, slots=True)
class Unwatching:
    """A channel stops watching a pattern, and starts again `again` seconds later unless that's None."""

    at: float
    channel: str
    pattern: str
    again: float | None


@dataclass(frozen=True, slots=True)
class Absence:
    """The bot is removed from a channel, and invited again after `lasts` seconds."""

    at: float
    channel: str
    lasts: float


@dataclass(frozen=True, slots=True)
class Blindness:
    """Bolt lists nothing for `lasts` seconds, in which its clock is set eleven minutes ahead."""

    at: float
    lasts: float


@dataclass(frozen=True, slots=True)
class WithheldPlan:
    """The whole plan. `skew_s`: how far Bolt's clock is from ours, from the start."""

    skew_s: float = 0.0
    quiet: tuple[Quieting, ...] = ()
    digests: tuple[DigestWish, ...] = ()
    stops: tuple[Unwatching, ...] = ()
    absences: tuple[Absence, ...] = ()
    gaps: tuple[Blindness, ...] = ()

    def lines(self) -> list[tuple[float, str]]:
        """The planned events, each with its time."""
        told = [(one.at, f"quiet in {one.channel}, zone {one.zone}") for one in self.quiet]
        told += [(one.at, f"digest in {one.channel}, zone {one.zone}") for one in self.digests]
        for one in self.stops:
            again = f", again after {one.again:.1f} s" if one.again is not None else ""
            told.append((one.at, f"unwatch {one.pattern} in {one.channel}{again}"))
        told += [(one.at, f"the bot leaves {one.channel} for {one.lasts:.1f} s") for one in self.absences]
        told += [(one.at, f"Bolt lists nothing for {one.lasts:.1f} s") for one in self.gaps]
        return [(0.0, f"Bolt's clock is {self.skew_s:+.0f} s off"), *told] if self.skew_s or told else []


def make_withheld_plan(rng: random.Random, lasts: float, watched: WatchPlan) -> WithheldPlan:
    """Draw the plan."""
    if not watched.watches:
        return WithheldPlan(rng.choice(SKEWS_S))
    rooms = {one.channel: one for one in watched.watches if one.channel in watched.rooms}
    quiet, digests, stops, absences = list[Quieting](), list[DigestWish](), list[Unwatching](), list[Absence]()
    for room, watch in rooms.items():
        begins = (watch.at or 0.0) + 0.5
        last = max(lasts, begins + 1)
        if rng.random() < 0.35:
            quiet.append(Quieting(rng.uniform(begins, last), room, watch.pattern, rng.choice(ZONES)))
        if rng.random() < 0.25:
            digests.append(DigestWish(rng.uniform(0, last), room, rng.choice(ZONES)))
        if rng.random() < 0.25:
            again = rng.uniform(0.5, 5) if rng.random() < 0.6 else None
            stops.append(Unwatching(rng.uniform(begins, last), room, watch.pattern, again))
        if rng.random() < 0.3:
            absences.append(Absence(rng.uniform(0.5, last), room, rng.uniform(1, 8)))
    gaps = [Blindness(rng.uniform(1, lasts), rng.uniform(1.5, 5)) for _ in range(rng.choice((0, 0, 0, 1, 1, 2)))]
    skew_s = SKEW_OF_DIGESTS_S if digests else rng.choice(SKEWS_S)
    return WithheldPlan(skew_s, tuple(quiet), tuple(digests), tuple(stops), tuple(absences), tuple(gaps))
