"""Type-ahead for schedules: the options for the text typed so far, best match first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import Schedule
from bot.core.schedules.typeahead import MOST, TEXT, VALUE, Index, Offers

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def schedule(number: int, name: str, slug: str, state: str | None = "SUCCESS", owner: str | None = None) -> Schedule:
    """A schedule that ran `number` hours ago."""
    ran = NOW - timedelta(hours=number) if state else None
    return Schedule(number, "u", name, slug, "OFF", "ui", owner, last_run_at=ran, last_run_state=state)


NIGHTLY = schedule(1, "Nightly full build", "nightly", owner="ada@example.com")
HOURLY = schedule(2, "Hourly orders", "hourly", "FAILED", owner="grace@example.com")
FINANCE = schedule(3, "Finance close", "finance-close", "CANCELED", owner="finance@example.com")
MIDNIGHT = schedule(4, "Midnight nightly", "midnight", "RUNNING")
NEVER = schedule(5, "Brand new", "brand-new", None)
ALL = Index.from_schedules([NEVER, MIDNIGHT, FINANCE, HOURLY, NIGHTLY])


def handles(offers: Offers) -> list[str]:
    """The handles of what is offered, in order."""
    return [one.handle for _, ones in offers.groups for one in ones]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("nightly", ["nightly", "midnight"]),
        ("NIGHT", ["nightly", "midnight"]),
        ("full nightly", ["nightly"]),
        ("night", ["nightly", "midnight"]),
        ("finance_close", ["finance-close"]),
        ("grace", ["hourly"]),
        ("ada@example.com", ["nightly"]),
        ("nigthly", ["nightly", "midnight"]),
        ("  hourly   ORD ", ["hourly"]),
        ("zzzzqqq", []),
        ("🎉", []),
        ("%_\\", []),
    ],
)
def test_what_is_offered(typed: str, found: list[str]) -> None:
    """Schedules are found by name, slug and owner, with the words in any order, and despite a typo."""
    assert handles(ALL.offers(typed))[: len(found)] == found
    assert bool(handles(ALL.offers(typed))) == bool(found)


def test_a_better_match_comes_first() -> None:
    """An exact name or slug comes first, then matches at the start, at a word's start, in the owner, and elsewhere."""
    ones = [
        schedule(1, "Reorders", "x1"),
        schedule(2, "Something", "x2", owner="orders@example.com"),
        schedule(3, "Hourly orders", "x3"),
        schedule(4, "Orders of the day", "x4"),
        schedule(5, "Something else", "orders"),
    ]
    assert handles(Index.from_schedules(ones).offers("orders")) == ["orders", "x4", "x3", "x2", "x1"]


def test_before_anything_is_typed() -> None:
    """With nothing typed, failed schedules come first, then the most recent runs, then those that never ran."""
    offers = ALL.offers("")
    assert [heading for heading, _ in offers.groups] == ["Last run failed", "Most recent runs"]
    assert handles(offers) == ["hourly", "nightly", "finance-close", "midnight", "brand-new"]
    assert handles(ALL.offers("  - ")) == handles(offers)
    assert Index.from_schedules([]).offers("").groups == ()


def test_what_is_said_of_each() -> None:
    """Each offer shows the latest state in words, the slug and the owner, and whether it's paused."""
    paused = replace(NIGHTLY, suspended=True)
    assert ALL.offer(NIGHTLY).about == "succeeded · nightly · ada@example.com"
    assert ALL.offer(HOURLY).about == "failed · hourly · grace@example.com"
    assert ALL.offer(FINANCE).about.startswith("cancelled · ")
    assert ALL.offer(MIDNIGHT).about == "running · midnight"
    assert ALL.offer(NEVER).about == "hasn't run yet · brand-new"
    assert ALL.offer(replace(NEVER, last_run_state="DEPLOYING")).about.startswith("DEPLOYING · ")
    assert ALL.offer(paused).about.startswith("succeeded, paused · ")


def test_many_schedules() -> None:
    """Slack's limit is kept, and no schedule is offered twice; an exact match is first, even if others ran since."""
    many = Index.from_schedules(
        schedule(2000 - number, f"Orders {number}", f"orders-{number}", "FAILED") for number in range(2000)
    )
    for typed in ("", "o", "orders"):
        found = handles(many.offers(typed))
        assert len(found) == MOST
        assert len(set(found)) == MOST
    for typed, exact in (("orders 7", "orders-7"), ("orders-7", "orders-7"), ("orders 1999", "orders-1999")):
        assert handles(many.offers(typed))[0] == exact


@pytest.mark.parametrize(
    "name", ["x" * 200, "🎉" * 200, "👩🏽‍💻 " * 60, "לילה מלא " * 20, "\u202egnp.exe", "a\nb\r\n\tc", "", " ", "\ud800"]
)
def test_names_of_every_kind_fit(name: str) -> None:
    """Every offer fits Slack's limits, because one bad text makes Slack refuse the whole menu."""
    one = schedule(1, name, name or "x", owner=name)
    offer = Index.from_schedules([one]).offer(one)
    for text in (offer.text, offer.about, offer.handle):
        assert 0 < len(text.encode("utf-16-le")) // 2 <= TEXT
        assert "\n" not in text
        assert "\u202e" not in text or text == offer.handle
    assert offer.about.startswith("succeeded")


@pytest.mark.parametrize("slug", ["nightly", "x" * VALUE, "x" * (VALUE + 1), "#7", "Nightly – 🎉 / b"])
def test_a_handle_finds_its_schedule(slug: str) -> None:
    """A slug that is too long for a menu, or looks like an id, is replaced by the schedule's id."""
    one, other = schedule(7, "One", slug), schedule(8, "Other", "other")
    index = Index.from_schedules([other, one])
    assert len(index.handle(one)) <= VALUE
    assert index.by_handle(index.handle(one)) == one
    assert index.by_handle("gone") is None
    assert index.by_handle("") is None


def test_twins_have_handles_of_their_own() -> None:
    """Schedules with the same slug get different handles, because an older Bolt gives names as slugs."""
    first, second = schedule(1, "Month close", "Month close"), schedule(2, "Month close", "Month close")
    index = Index.from_schedules([first, second])
    assert index.by_handle(index.handle(first)) == first
    assert index.by_handle(index.handle(second)) == second
