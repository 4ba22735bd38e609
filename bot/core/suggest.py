"""Which schedule a person means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.core.bolt import Schedule

MOST = 3
NEAR_ENOUGH = 60
_GAPS = re.compile(r"[\s_\-\u2010-\u2015]+")


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several schedules are called that; their slugs tell them apart."""

    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """No schedule is called that. `suggestions` are the nearest ones, best first, three at the most."""

    suggestions: tuple[Schedule, ...] = ()


def find(wanted: str, schedules: Sequence[Schedule]) -> Schedule | Ambiguous | Missing:
    """The schedule of that slug or name: exactly, else without regard to case, spaces, dashes and underscores."""
    exact = [schedule for schedule in schedules if schedule.slug == wanted] or [
        schedule for schedule in schedules if schedule.name == wanted
    ]
    folded = exact or [one for one in schedules if _fold(wanted) in {_fold(one.slug), _fold(one.name)}]
    if len(folded) == 1:
        return folded[0]
    if folded:
        return Ambiguous(tuple(schedule.slug for schedule in folded))
    return Missing(_nearest(wanted, schedules))


def _nearest(wanted: str, schedules: Sequence[Schedule]) -> tuple[Schedule, ...]:
    names = {at: _fold(name) for at, name in enumerate(_names(schedules))}
    found = process.extract(_fold(wanted), names, scorer=fuzz.WRatio, limit=2 * MOST, score_cutoff=NEAR_ENOUGH)
    nearest: list[Schedule] = []
    for _, _, at in found:
        schedule = schedules[at // 2]
        if schedule not in nearest:
            nearest.append(schedule)
    return tuple(nearest[:MOST])


def _names(schedules: Sequence[Schedule]) -> list[str]:
    return [name for schedule in schedules for name in (schedule.slug, schedule.name)]


def _fold(text: str) -> str:
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
