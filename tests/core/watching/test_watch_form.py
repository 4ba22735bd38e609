"""The form for a watch: what it offers, and what is read from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.bolt import Schedule
from bot.core.model.command import WatchCommand, command_of_watch
from bot.core.model.watch import Quiet, SlowAfter
from bot.core.schedules.typeahead import VALUE, Index
from bot.core.watching.watch_form import Filled, Problems, filled_from, offers, read
from tests.core.watching.ends import WATCH

INDEX = Index.from_schedules(
    Schedule(number, "u", name, slug, "OFF", "ui", "ada@example.com")
    for number, (name, slug) in enumerate(
        (("Finance daily", "fin-daily"), ("Finance hourly", "fin-hourly"), ("A", "a"))
    )
)
BLANK = Filled("C1")


def offered(typed: str) -> list[tuple[str, list[str]]]:
    """The menu's groups: each heading, with the values of its options."""
    return [(heading, [one.handle for one in ones]) for heading, ones in offers(INDEX, typed).groups]


@pytest.mark.parametrize(
    ("typed", "groups"),
    [
        ("fin", [("Schedules", ["fin-daily", "fin-hourly"]), ("Pattern", ["fin*"])]),
        ("fin*", [("Pattern", ["fin*"])]),
        ("*daily", [("Pattern", ["*daily"])]),
        ("Finance d", [("Schedules", ["fin-daily"]), ("Pattern", ["Finance d*"])]),
        ("new-*", [("Pattern", ["new-*"])]),
        ("ada@", [("Schedules", ["fin-daily", "fin-hourly", "a"])]),
        ("*" * (VALUE + 1), []),
    ],
)
def test_a_pattern_is_offered_beside_the_schedules(typed: str, groups: list[tuple[str, list[str]]]) -> None:
    """The typed text is offered as a pattern, or as a pattern's beginning; it comes first if it can't be a schedule."""
    found = [(heading, handles) for heading, handles in offered(typed) if handles]
    assert [one for one in found if one[0] == "Pattern"] == [one for one in groups if one[0] == "Pattern"]
    assert found[0][0] == groups[0][0] if groups else found == []
    for heading, handles in groups:
        assert set(handles) <= set(dict(found)[heading])


def test_every_schedule_is_offered_before_anything_is_typed() -> None:
    """Before anything is typed, the first option is to watch every schedule, and it says how many there are."""
    (heading, (every,)), *_ = offers(INDEX, "").groups
    assert (heading, every.handle, every.about) == ("Every schedule", "*", "3 schedules now, and those added later")
    assert offers(INDEX, "new-*").groups[0][1][0].about == "matches no schedule yet"


def test_a_pattern_with_a_secret_is_not_offered() -> None:
    """A pattern with a secret isn't offered, because the channel's list would show it."""
    assert offers(INDEX, "secret*", lambda text: text.replace("secret", "•••")).groups == ()


def test_what_is_filled_in_is_the_command() -> None:
    """Each field becomes the command's option, and an empty field gives no option."""
    assert read(BLANK, "nightly") == WatchCommand("nightly", mention="owner")
    filled = Filled(
        "C1",
        owner=" ada ",
        branch="dev",
        only="ends",
        pull_requests=True,
        mention="none",
        quiet="22:00–7:00",
        time_zone="europe/berlin",
        late="off",
        slow="2x",
    )
    assert read(filled, "fin*") == WatchCommand(
        "fin*",
        owner="ada",
        branch="dev",
        pull_requests=True,
        only="ends",
        mention="none",
        late_s=0,
        slow=SlowAfter(factor=2),
        quiet=Quiet("22:00", "07:00"),
        time_zone="Europe/Berlin",
    )
    person = read(replace(BLANK, person="U0ADA"), "nightly")
    assert isinstance(person, WatchCommand)
    assert person.mention == "U0ADA"


def test_what_is_wrong_is_said_at_its_field() -> None:
    """All mistakes are reported at once, each at its field."""
    filled = Filled(
        "C1", branch="two words", quiet="22-7", time_zone="Mars", late="soon", slow="0.5x", owner="<x" * 400
    )
    wrong = read(filled, "")
    assert isinstance(wrong, Problems)
    assert set(wrong.fields) == {"schedule", "branch", "quiet", "time_zone", "late", "slow", "owner"}
    assert wrong.fields["quiet"] == "Enter two different times of day, for example 22:00-07:00."
    assert wrong.fields["time_zone"].startswith('There\'s no time zone "Mars".')


@pytest.mark.parametrize("mention", ["owner", "none", "U0ADA", "W0ADA", "S0DATA"])
@pytest.mark.parametrize("late_s", [None, 5400.0])
def test_a_form_that_is_left_as_it_is_changes_nothing(mention: str, late_s: float | None) -> None:
    """A form that is left as it is gives the watch's own options."""
    watch = replace(
        WATCH,
        pattern="fin*",
        mention=mention,
        late_s=late_s,
        slow=SlowAfter(seconds=2700) if late_s else None,
        quiet=Quiet("22:00", "07:00"),
        time_zone="UTC",
    )
    command = read(filled_from(watch), watch.pattern)
    assert isinstance(command, WatchCommand)
    off = replace(command, late_s=command.late_s or None, slow=command.slow if late_s else None)
    only = None if command.only == "failures" else command.only
    assert replace(off, only=only, mention=None if mention == "owner" else off.mention) == command_of_watch(watch)
