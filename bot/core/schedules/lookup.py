"""Lookup of the schedule that a person means.

The reply if a name isn't found is in `bot.core.views.schedule_not_found`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.core.commands.talk import NOISE, TALK
from bot.core.model.bolt import Schedule
from bot.core.text.name_folding import fold

MOST = 3
NEAR_ENOUGH = 60
# Similarity from which a name on its own counts as a typo.
ALIKE = 80
# How many words of a sentence are searched for names, and the most words that a name may have.
WORDS_MOST, NAME_WORDS_MOST = 40, 12
# A name that differs from another only by these isn't a typo: "nightly was slow" is about nightly.
_TALK = TALK - NOISE


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several schedules have that name; their slugs tell them apart."""

    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """No schedule has that name. `suggestions` are the most similar ones, best first, at most three."""

    suggestions: tuple[Schedule, ...] = ()


def find_schedule(schedule_text: str, schedules: Sequence[Schedule]) -> Schedule | Ambiguous | Missing:
    """Find a schedule by slug or name: exact first, then folded (see `bot.core.text.name_folding`)."""
    found = schedules_called(schedule_text, schedules)
    if len(found) == 1:
        return found[0]
    if found:
        return Ambiguous(tuple(schedule.slug for schedule in found))
    return Missing(_nearest(schedule_text, schedules))


def schedules_called(schedule_text: str, schedules: Sequence[Schedule]) -> list[Schedule]:
    """Return the schedules with exactly that slug, else with exactly that name, else with that folded slug or name."""
    exact = [one for one in schedules if one.slug == schedule_text] or [
        one for one in schedules if one.name == schedule_text
    ]
    if exact:
        return exact
    plain = fold(schedule_text)
    return [one for one in schedules if plain in {fold(one.slug), fold(one.name)}] if plain else []


@dataclass(frozen=True, slots=True)
class NamedSchedule:
    """A schedule named in a sentence, from word `begin` up to but excluding word `end`."""

    schedule: Schedule
    begin: int
    end: int


def named_in(words: Sequence[str], schedules: Sequence[Schedule]) -> list[NamedSchedule]:
    """Find the schedules whose slugs or names occur in a sentence, in order. Longer names win over shorter ones.

    A name that several schedules share identifies none of them.
    """
    words = words[:WORDS_MOST]
    known: dict[str, Schedule | None] = {}
    for name in ("name", "slug"):
        for one in schedules:
            plain = fold(getattr(one, name))
            other = known.get(plain, one)
            # Slugs are unique, so they win over names.
            known[plain] = one if name == "slug" or other is one else None
    found: list[NamedSchedule] = []
    begin = 0
    while begin < len(words):
        for end in range(min(len(words), begin + NAME_WORDS_MOST), begin, -1):
            schedule = known.get(fold(" ".join(words[begin:end])))
            if schedule is not None:
                found.append(NamedSchedule(schedule, begin, end))
                begin = end
                break
        else:
            begin += 1
    return found


def mistyped(schedule_text: str, schedules: Sequence[Schedule], *, whole: bool = False) -> tuple[Schedule, ...]:
    """Return the schedules that a mistyped name clearly means, best first. `whole`: every word has to match."""
    plain = fold(schedule_text)
    like = fuzz.ratio if whole else _likeness
    near = _nearest(schedule_text, schedules)
    return tuple(one for one in near if max(like(plain, fold(one.slug)), like(plain, fold(one.name))) >= ALIKE)


def _nearest(schedule_text: str, schedules: Sequence[Schedule]) -> tuple[Schedule, ...]:
    plain = fold(schedule_text)
    if not plain:
        return ()
    talk = _TALK.intersection(plain.split())
    likely = [one for one in schedules if not talk - set(fold(f"{one.slug} {one.name}").split())] if talk else schedules
    scored = [(max(_likeness(plain, fold(one.slug)), _likeness(plain, fold(one.name))), one) for one in likely]
    near = sorted((pair for pair in scored if pair[0] >= NEAR_ENOUGH), key=lambda pair: pair[0], reverse=True)
    return tuple(schedule for _, schedule in near[:MOST])


def _likeness(schedule_text: str, name: str) -> float:
    """Similarity, 0 to 100: allows for typos, words in another order, or some words of a longer name."""
    return max(
        fuzz.ratio(schedule_text, name),
        0.95 * fuzz.token_sort_ratio(schedule_text, name),
        0.9 * _shared_words(schedule_text, name),
    )


def _shared_words(schedule_text: str, name: str) -> float:
    """Similarity if the name contains all the words that were typed, else 0. Sharing only some words isn't enough."""
    return fuzz.token_set_ratio(schedule_text, name) if set(schedule_text.split()) <= set(name.split()) else 0.0
