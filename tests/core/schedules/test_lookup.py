"""Finding the schedule that a person means."""

from __future__ import annotations

import pytest

from bot.core.model.bolt import Schedule
from bot.core.schedules.lookup import Ambiguous, Missing, find_schedule


def schedule(slug: str, name: str) -> Schedule:
    """A schedule with this slug and name."""
    return Schedule(1, "u", name, slug, "OFF", "ui")


NIGHTLY = schedule("nightly", "Nightly full build")
HOURLY = schedule("hourly", "Hourly orders")
TWIN_A, TWIN_B = schedule("close-eu", "Month close"), schedule("close-us", "Month close")
ALL = [NIGHTLY, HOURLY, TWIN_A, TWIN_B]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("nightly", NIGHTLY),
        ("Nightly full build", NIGHTLY),
        ("NIGHTLY", NIGHTLY),
        ("nightly-full_build", NIGHTLY),
        ("  hourly  orders ", HOURLY),
        ("close eu", TWIN_A),
        ("close−us", TWIN_B),
        ("ＮＩＧＨＴＬＹ", NIGHTLY),
    ],
)
def test_a_name_or_a_slug_names_a_schedule(wanted: str, found: Schedule) -> None:
    """A name or slug is matched exactly, else ignoring case, spaces, dashes and underscores."""
    assert find_schedule(wanted, ALL) == found


def test_a_name_of_several_schedules_names_none() -> None:
    """A name that several schedules share is ambiguous, and their slugs are returned."""
    assert find_schedule("month close", ALL) == Ambiguous(("close-eu", "close-us"))


def test_a_slug_wins_over_another_ones_name() -> None:
    """A slug wins over another schedule's name, because slugs are unique and names aren't."""
    tricky = schedule("a", "nightly")
    assert find_schedule("nightly", [tricky, NIGHTLY]) == NIGHTLY


@pytest.mark.parametrize(
    ("wanted", "slugs"),
    [("nigthly", ["nightly"]), ("hourli", ["hourly"]), ("orders", ["hourly"]), ("zzzz", []), ("a", []), ("run", [])],
)
def test_what_is_missing_has_its_nearest_names(wanted: str, slugs: list[str]) -> None:
    """A name that isn't found gets the nearest schedules, or none if nothing is close."""
    found = find_schedule(wanted, ALL)
    assert isinstance(found, Missing)
    assert [one.slug for one in found.suggestions] == slugs
    assert len(found.suggestions) <= 3


def test_three_names_are_suggested_at_the_most() -> None:
    """At most three names are suggested, the nearest first."""
    many = [schedule(f"nightly-{number}", f"Nightly {number}") for number in range(9)]
    found = find_schedule("nightly-11", many)
    assert isinstance(found, Missing)
    assert len(found.suggestions) == 3
    assert found.suggestions[0].slug == "nightly-1"


def test_names_that_differ_by_case_and_dashes_only_are_told_apart_by_slug() -> None:
    """A text that folds to one schedule's slug and another's name is ambiguous."""
    found = find_schedule("NIGHTLY_BUILD", [schedule("nightly-build", "Old"), schedule("new", "Nightly build")])
    assert found == Ambiguous(("nightly-build", "new"))


@pytest.mark.parametrize("wanted", ["", "---", " "])
def test_dashes_alone_name_nothing(wanted: str) -> None:
    """A text without letters or digits matches nothing."""
    assert find_schedule(wanted, [schedule("nightly", "—"), HOURLY]) == Missing()


CAFE, ACCENTED = schedule("cafe-1", "Cafe"), schedule("cafe-2", "Café")


@pytest.mark.parametrize(
    ("wanted", "among", "found"),
    [
        ("cafe", [ACCENTED, NIGHTLY], ACCENTED),
        ("CAFÉ", [CAFE, NIGHTLY], CAFE),
        ("Cafe", [CAFE, ACCENTED], CAFE),
        ("Café", [CAFE, ACCENTED], ACCENTED),
        ("cafe", [CAFE, ACCENTED], Ambiguous(("cafe-1", "cafe-2"))),
    ],
)
def test_accents_do_not_matter_unless_they_tell_two_names_apart(
    wanted: str, among: list[Schedule], found: Schedule | Ambiguous
) -> None:
    """Accents are ignored unless one name matches exactly; if two names are left, neither is chosen."""
    assert find_schedule(wanted, among) == found
