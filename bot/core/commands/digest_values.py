"""Reading a digest's times as people type them. `bot.core.watching.digest_time` computes when a digest is due.

If no time zone is typed, `bot.flows.set_digest` takes the person's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.commands.tokens import bad
from bot.core.commands.watch_values import OFF, read_clock
from bot.core.model.command import WEEKDAYS, DigestCommand

# When a digest is posted if no time is given.
MORNING = "09:00"
_DAYS = dict(zip(WEEKDAYS, ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), strict=True))


def read_digest(words: Sequence[str], zone: str | None, prefix: str) -> DigestCommand:
    """Read the time of a digest: `daily 09:00`, `weekly mon 09:00`, `off`. Raises BadCommand."""
    example = f"as in {prefix} digest daily 09:00 or {prefix} digest weekly mon 09:00"
    every, *rest = words or [""]
    if every == OFF and not rest:
        return DigestCommand("off")
    weekday = 0 if every == "weekly" else None
    if every == "weekly" and rest and (found := _weekday(rest[0])) is not None:
        weekday, rest = found, rest[1:]
    clock = read_clock(rest[-1]) if rest and (len(rest) == 1 or rest[:-1] == ["at"]) else (None if rest else MORNING)
    if clock is None or every not in {"daily", "weekly"}:
        bad(f"A digest can be daily, weekly or off, {example}. To see one now, type {prefix} digest.")
    return DigestCommand("daily" if every == "daily" else "weekly", clock, weekday, zone)


def _weekday(text: str) -> int | None:
    """The number of a weekday, given its whole name or its first letters."""
    name = text.rstrip(",").removesuffix("s") if len(text) > 6 else text.rstrip(",")
    return next((at for at, day in enumerate(WEEKDAYS) if len(name) > 2 and _DAYS[day].startswith(name)), None)
