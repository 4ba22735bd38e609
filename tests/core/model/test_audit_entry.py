"""Filters for entries of the audit log."""

from __future__ import annotations

from bot.core.model.audit_entry import AuditEntry, AuditFilter, Event


def test_which_entries_are_wanted() -> None:
    """Entries are filtered by a person's id or name, and by part of a slug."""
    entry = AuditEntry(Event.ASKED, user="U1", user_name="Ada", schedule="nightly-eu")
    assert AuditFilter(user="ada").matches(entry)
    assert AuditFilter(user="U1", schedule="NIGHTLY").matches(entry)
    assert not AuditFilter(user="grace").matches(entry)
    assert not AuditFilter(schedule="hourly").matches(entry)


def test_a_watch_is_found_by_a_schedule_that_its_pattern_matches() -> None:
    """A watch is found by a schedule that its pattern matches; in other entries, an asterisk is part of a name."""
    watch = AuditEntry(Event.WATCHED, schedule="Fin*")
    assert AuditFilter(schedule="finance-daily").matches(watch)
    assert AuditFilter(schedule="fin").matches(watch)
    assert not AuditFilter(schedule="nightly").matches(watch)
    assert not AuditFilter(schedule="finance-daily").matches(AuditEntry(Event.ENDED, schedule="fin*"))
