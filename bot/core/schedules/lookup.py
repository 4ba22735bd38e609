"""Which schedule a person means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.core.model.bolt import Schedule
from bot.core.text.name_folding import fold

MOST = 3
NEAR_ENOUGH = 60


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several schedules are called that; their slugs tell them apart."""

    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """No schedule is called that. `suggestions` are the nearest ones, best first, three at the most."""

    suggestions: tuple[Schedule, ...] = ()


def find_schedule(wanted: str, schedules: Sequence[Schedule]) -> Schedule | Ambiguous | Missing:
    """The schedule of that slug or name: exactly, else folded (see `bot.core.text.name_folding`)."""
    found = schedules_called(wanted, schedules)
    if len(found) == 1:
        return found[0]
    if found:
        return Ambiguous(tuple(schedule.slug for schedule in found))
    return Missing(_nearest(wanted, schedules))


def schedules_called(wanted: str, schedules: Sequence[Schedule]) -> list[Schedule]:
    """The schedules of exactly that slug, else of exactly that name, else those whose folded slug or name it is."""
    exact = [one for one in schedules if one.slug == wanted] or [one for one in schedules if one.name == wanted]
    if exact:
        return exact
    plain = fold(wanted)
    return [one for one in schedules if plain in {fold(one.slug), fold(one.name)}] if plain else []


def _nearest(wanted: str, schedules: Sequence[Schedule]) -> tuple[Schedule, ...]:
    plain = fold(wanted)
    if not plain:
        return ()
    scored = [(max(_likeness(plain, fold(one.slug)), _likeness(plain, fold(one.name))), one) for one in schedules]
    near = sorted((pair for pair in scored if pair[0] >= NEAR_ENOUGH), key=lambda pair: pair[0], reverse=True)
    return tuple(schedule for _, schedule in near[:MOST])


def _likeness(wanted: str, name: str) -> float:
    """0 to 100: a slip of the finger, words in another order, or some words of a longer name."""
    return max(fuzz.ratio(wanted, name), 0.95 * fuzz.token_sort_ratio(wanted, name), 0.9 * _shared_words(wanted, name))


def _shared_words(wanted: str, name: str) -> float:
    """How alike two names are where they share whole words; a word in common is not enough by itself."""
    return fuzz.token_set_ratio(wanted, name) if set(wanted.split()) <= set(name.split()) else 0.0
