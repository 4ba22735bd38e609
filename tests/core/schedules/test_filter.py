"""Filtering the schedules for a list."""

from __future__ import annotations

import time

import pytest

from bot.core.model.bolt import Schedule
from bot.core.model.command import ListCommand
from bot.core.schedules.filter import filter_schedules


def schedule(
    slug: str, name: str = "", *, owner: str | None = None, state: str | None = None, suspended: bool = False
) -> Schedule:
    """A schedule as in Bolt's listing."""
    return Schedule(1, "u", name or slug, slug, "OFF", "ui", owner=owner, last_run_state=state, suspended=suspended)


ALL = [
    schedule("nightly", "Nightly full build", owner="ada@example.com", state="SUCCESS"),
    schedule("clients", "Données clients", state="ERROR"),
    schedule("finance-close", "Finance close", owner="GRACE@example.com", state="FAILED", suspended=True),
    schedule("strasse", "Straße Ａ１"),
    schedule("reports", "تقرير المبيعات 🎉"),
]


@pytest.mark.parametrize(
    ("asked", "slugs"),
    [
        (ListCommand(), ["clients", "finance-close", "nightly", "strasse", "reports"]),
        (ListCommand("NIGHT"), ["nightly"]),
        (ListCommand("donnees"), ["clients"]),
        (ListCommand("DONNÉES cli"), ["clients"]),
        (ListCommand("grace"), ["finance-close"]),
        (ListCommand("build nightly"), ["nightly"]),
        (ListCommand("STRASSE a1"), ["strasse"]),
        (ListCommand("المبيعات"), ["reports"]),
        (ListCommand("🎉"), ["reports"]),
        (ListCommand("close"), ["finance-close"]),
        (ListCommand("zzz"), []),
        (ListCommand("finance_close"), ["finance-close"]),
        (ListCommand("---"), []),
        (ListCommand(failing=True), ["clients", "finance-close"]),
        (ListCommand(suspended=True), ["finance-close"]),
        (ListCommand("cli", failing=True), ["clients"]),
        (ListCommand("cli", suspended=True), []),
    ],
)
def test_schedules_are_chosen(asked: ListCommand, slugs: list[str]) -> None:
    """Every word must be in the name, slug or owner, ignoring case and accents."""
    assert [one.slug for one in filter_schedules(ALL, asked)] == slugs


def test_two_thousand_are_searched_at_once() -> None:
    """Two thousand schedules are searched within half a second, because the event loop waits for it."""
    many = [schedule(f"slug-{number}", f"Données {number} 🎉", owner="ada@example.com") for number in range(2000)]
    began = time.process_time()
    assert len(filter_schedules(many, ListCommand("donnees 19"))) >= 100
    assert time.process_time() - began < 0.5
