"""Parsing start times: `2 h`, `3d` or a date."""

from __future__ import annotations

from datetime import datetime, timedelta


def parse_since(text: str, now: datetime) -> datetime | None:
    """Parse `2 h`, `3d` or `2026-11-28`. Returns None if it isn't a time.

    A date without an offset is in the time zone of `now`.
    """
    units = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = units.get(text[len(number) :].strip())
    if number.isascii() and number.isdecimal() and len(number) <= 4 and unit:
        return now - timedelta(**{unit: int(number)})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)
