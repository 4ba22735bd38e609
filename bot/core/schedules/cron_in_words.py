"""When a schedule starts automatically: its cron in words, and its next run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from bot.core.model.bolt import Schedule
from bot.core.text.text import Code, Sentence, When, cut

# Longer than any cron that a person writes. A longer one is shown but not parsed.
CRON_LIMIT = 120
CRON_SHOWN = 60
OFF = frozenset({"", "OFF"})


@dataclass(frozen=True, slots=True)
class NextRun:
    """The next automatic start of a schedule. `computed`: Bolt didn't report it, so the cron expression was used."""

    at: datetime
    computed: bool = False


def is_off(cron: str) -> bool:
    """Whether a schedule starts only on request."""
    return cron.strip().upper() in OFF


@lru_cache(maxsize=512)
def in_words(cron: str) -> str | None:
    """Describe a cron expression, as in `at 02:00, only on Monday`. Returns None if it's invalid or can't be read."""
    if len(cron) > CRON_LIMIT or not cron.isprintable() or not _readable(cron):
        return None
    # Both libraries are imported only when a cron is read: as long as nobody asks for one, that saves 1.5 MB.
    from cron_descriptor import CasingTypeEnum, Options, get_description  # noqa: PLC0415 - see above

    options = Options(CasingTypeEnum.Sentence, use_24hour_time_format=True, locale_code="en_US")
    try:
        words = str(get_description(cron, options))
    except Exception:  # noqa: BLE001 - the library can raise any exception
        return None
    return words[:1].lower() + words[1:]


def told(cron: str) -> Sentence:
    """Describe a cron expression, followed by the expression itself, or say why it can't be described."""
    if is_off(cron):
        return ("starts only on request (no cron)",)
    words = in_words(cron)
    shown = Code(cut(cron, CRON_SHOWN))
    return ("cron ", shown, ", which I can't read") if words is None else (words, " (", shown, ")")


def next_run(schedule: Schedule, now: datetime) -> NextRun | None:
    """The next run as Bolt reports it, or else as computed from the cron expression in UTC.

    Returns None if the schedule is paused, or if the next run can't be determined.
    """
    if schedule.suspended:
        return None
    # The schedule list may be some minutes old.
    if schedule.next_run_at is not None and schedule.next_run_at > now:
        return NextRun(schedule.next_run_at)
    if is_off(schedule.cron) or in_words(schedule.cron) is None:
        return None
    from croniter import CroniterError, croniter  # noqa: PLC0415 - see `in_words`

    try:
        return NextRun(croniter(schedule.cron, now.astimezone(UTC)).get_next(datetime), computed=True)
    except (CroniterError, ValueError, OverflowError):
        # February 31 is a valid cron that never occurs.
        return None


def next_told(schedule: Schedule, now: datetime) -> Sentence:
    """Describe the next run, in the viewer's time zone, and the cron."""
    if is_off(schedule.cron):
        return told(schedule.cron)
    return (*_next_alone(schedule, now), " · ", *told(schedule.cron))


def _next_alone(schedule: Schedule, now: datetime) -> Sentence:
    following = next_run(schedule, now)
    if following is None:
        return ("no next run",)
    how = " (computed from its cron, assuming UTC)" if following.computed else ""
    return ("next run ", When(following.at, "date_time"), how)


def _readable(cron: str) -> bool:
    """Whether a cron expression names fixed times, which random and hashed fields don't."""
    from croniter import CroniterError, croniter  # noqa: PLC0415 - see `in_words`

    try:
        return bool(croniter.is_valid(cron)) and not any(letter in cron.upper().split() for letter in ("R", "H"))
    except (CroniterError, ValueError, OverflowError):
        return False
