"""Values of a watch's options: what it reports, whom it mentions, times of day, zones. Readers raise BadCommand.

Their defaults are in `bot.core.watching.watch_of_command`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import get_args
from zoneinfo import available_timezones

from bot.core.commands.tokens import DASH, bad
from bot.core.commands.values import EXAMPLES, TEXT_LIMIT, bounded
from bot.core.model.watch import Only, Quiet, SlowAfter
from bot.core.text.text import cut

OFF = "off"
SHOWN = 60
LONGEST_S = 86_400
FACTOR_LEAST, FACTOR_MOST = 1.1, 100
_USER = re.compile(r"@([UW][A-Z0-9]{2,20})")
_GROUP = re.compile(r"!subteam\^(S[A-Z0-9]{2,20})")
_EVERYONE = frozenset({"here", "channel", "everyone"})
_PERIOD = re.compile(r"(\d{1,4}) ?(m|min|mins|minutes?|h|hours?)", re.IGNORECASE)
_FACTOR = re.compile(r"(\d{1,3}(?:\.\d{1,2})?) ?[x×]", re.IGNORECASE)
_HOURS = re.compile(rf"(\d{{1,2}}:\d\d) ?[{DASH}] ?(\d{{1,2}}:\d\d)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def read_only(text: str) -> Only:
    """Read the kinds of events that a watch reports. Raises BadCommand."""
    found: Only | None = next((one for one in get_args(Only) if one == text.lower()), None)
    if found is None:
        bad(f'"{cut(text, SHOWN)}" isn\'t a value for --only. Use --only failures, --only ends or --only all.')
    return found


def read_owner(text: str) -> str:
    """Read the owner whose schedules are watched, as Bolt names them. Raises BadCommand."""
    if _USER.fullmatch(text) or _GROUP.fullmatch(text):
        bad(
            "--owner needs an owner's name as shown in Bolt, for example --owner ada@example.com. The list of schedules shows the owners."
        )
    return bounded("The owner", " ".join(text.split()), TEXT_LIMIT)


def read_mention(text: str) -> str:
    """Read whom a watch mentions: `owner`, `none`, or the id of a person or user group. Raises BadCommand."""
    if text.lower() in {"owner", "none"}:
        return text.lower()
    found = _USER.fullmatch(text) or _GROUP.fullmatch(text)
    if found:
        return found[1]
    name = text.lstrip("@!").lower()
    if name in _EVERYONE:
        bad(f"I never mention @{name}. Name a person or a user group, as in {EXAMPLES['mention']}.")
    bad(
        f"I don't know who \"{cut(text, SHOWN)}\" is. Pick a person or a user group from Slack's suggestions while you "
        "type, or use --mention owner or --mention none."
    )


def read_late(text: str) -> float:
    """Read the number of seconds after which a run counts as late; 0 means off. Raises BadCommand."""
    seconds = 0 if text.lower() == OFF else _seconds(text)
    if seconds is None:
        bad(f"--late needs a time from 1m to 24h, or off, as in {EXAMPLES['late']}.")
    return seconds


def read_slow(text: str) -> SlowAfter:
    """Read the limit for slow runs. With neither a factor nor seconds, no run is slow. Raises BadCommand."""
    if text.lower() == OFF:
        return SlowAfter()
    factor = _FACTOR.fullmatch(text)
    if factor and FACTOR_LEAST <= float(factor[1]) <= FACTOR_MOST:
        return SlowAfter(factor=float(factor[1]))
    seconds = None if factor else _seconds(text)
    if seconds is None:
        bad(
            f"--slow needs a factor from {FACTOR_LEAST}x to {FACTOR_MOST}x, a time from 1m to 24h, or off, "
            f"as in {EXAMPLES['slow']}."
        )
    return SlowAfter(seconds=seconds)


def read_quiet(text: str) -> Quiet:
    """Read the hours in which nothing is posted. Raises BadCommand."""
    hours = _HOURS.fullmatch(text)
    begin, end = (read_clock(hours[1]), read_clock(hours[2])) if hours else (None, None)
    if begin is None or end is None:
        bad(f"--quiet needs two times of day, as in {EXAMPLES['quiet']}.")
    if begin == end:
        bad(f"--quiet needs two different times of day, as in {EXAMPLES['quiet']}.")
    return Quiet(begin, end)


def read_time_zone(text: str) -> str:
    """Read a time zone by its name in the IANA database, whatever its case. Raises BadCommand."""
    found = _zones().get(text.lower().replace(" ", "_"))
    if found is None:
        bad(f'There\'s no time zone "{cut(text, SHOWN)}". Use a name such as Europe/Berlin.')
    return found


def read_clock(text: str) -> str | None:
    """Read a time of day, and write its hour with two digits. Returns None if it isn't one."""
    found = _CLOCK.fullmatch(text)
    return f"{int(found[1]):02}:{found[2]}" if found else None


def _seconds(text: str) -> float | None:
    found = _PERIOD.fullmatch(text)
    seconds = int(found[1]) * (3600 if found[2].lower().startswith("h") else 60) if found else 0
    return float(seconds) if 0 < seconds <= LONGEST_S else None


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}
