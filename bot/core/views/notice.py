"""Notices: a line about a run or an hour of runs, a slow run, and schedules that are late.

Nothing in them depends on the time of rendering, and they mention nobody.

`run_lines`, `slow` and `late` of `bot.core.watching` decide which runs and schedules get a notice.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.model.incident import IncidentRun
from bot.core.model.notice import HourOfRuns, Lateness, Notice, Slowness
from bot.core.model.run import is_failed, is_final, run_url
from bot.core.model.state_labels import state_emoji, state_word
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Bold, Emoji, Link, Sentence, Span, When, cut, duration, plural
from bot.core.text.user_ids import is_user
from bot.core.views.incident import branch_of, starter_of

NAME_SHOWN = 150
LATE_LISTED = 20
# A run that begins within this many seconds of its slot is on time.
ON_TIME_S = 60.0

_NO_NAMES: Mapping[str, str] = {}


def notice_message(notice: Notice, app_url: str, names: Mapping[str, str] = _NO_NAMES) -> Message:
    """Build a notice's message. `names` are the usernames of `people_in(notice)`, where known."""
    if notice.late:
        return _late(notice, app_url)
    if notice.hour is not None:
        return Message(_hour(notice, notice.hour))
    if notice.run is None:
        return Message((_name(notice.title), " has nothing to report."))
    if notice.slow is not None:
        return Message(_slow(notice, notice.run, notice.slow, app_url))
    return Message(_line(notice, notice.run, app_url, names))


def people_in(notice: Notice) -> frozenset[str]:
    """The users in a notice whose names its record doesn't have."""
    asked_by = notice.run.asked_by if notice.run else None
    return frozenset({asked_by} if asked_by and is_user(asked_by) else ())


# --- runs ---


def _line(notice: Notice, run: IncidentRun, app_url: str, names: Mapping[str, str]) -> Sentence:
    spans: list[Span] = [_emoji(run), " ", _name(notice.title), f" {_state(run)}: ", _run_link(run.run, app_url)]
    if notice.pull_request:
        spans.append(f" for pull request {cut(notice.pull_request, 20)}")
    branch = branch_of(run)
    spans += [f" · {branch}"] if branch else []
    who = starter_of(run, names)
    spans += [f" · by {who}"] if who else []
    at = run.ended_at or run.started_at
    spans += [" · ", When(at, "date_time")] if at else []
    if run.started_at and run.ended_at:
        spans.append(f" · took {duration(max(0.0, (run.ended_at - run.started_at).total_seconds()))}")
    return tuple(spans)


def _state(run: IncidentRun) -> str:
    if is_failed(run.state):
        return "failed"
    word = state_word(run.state)
    if run.state in {"CANCELED", "SKIPPED"}:
        return f"was {word}"
    if is_final(run.state):
        return word
    return f"ended as {word}" if run.ended_at else f"is {word}"


def _emoji(run: IncidentRun) -> Emoji:
    return Emoji("white_circle") if run.ended_at and not is_final(run.state) else state_emoji(run.state)


def _hour(notice: Notice, hour: HourOfRuns) -> Sentence:
    counts = ", ".join(f"{count} {state_word(state)}" for state, count in hour.ends)
    ended = f": {plural(hour.total, 'run')} ended in the hour after "
    return (Emoji("clock1"), " ", _name(notice.title), ended, When(hour.begins_at, "date_time"), f" ({counts})")


def _slow(notice: Notice, run: IncidentRun, slow: Slowness, app_url: str) -> Sentence:
    usual = f"It usually takes {duration(slow.usual_s)}." if slow.usual_s else f"Its limit is {duration(slow.limit_s)}."
    link = _run_link(run.run, app_url, "Run" if notice.thread else "run")
    of: Sentence = (link,) if notice.thread else (_name(notice.title), ": ", link)
    if run.ended_at and run.started_at:
        took = duration(max(0.0, (run.ended_at - run.started_at).total_seconds()))
        return (Emoji("snail"), " ", *of, f" was slow: it {_state(run)} after {took}. ", usual)
    since: Sentence = (" since ", When(run.started_at, "date_time")) if run.started_at else ()
    return (Emoji("snail"), " ", *of, " is slow: it's been running", *since, ". ", usual)


# --- late schedules ---


def _late(notice: Notice, app_url: str) -> Message:
    if len(notice.late) == 1:
        one = notice.late[0]
        return Message((_late_emoji(one), " ", _name(one.title), *_lateness(one, app_url)))
    waiting = [one for one in notice.late if one.is_open]
    over = [one for one in notice.late if not one.is_open]
    first: Sentence = (Emoji("alarm_clock"), f" {plural(len(waiting), 'schedule is', 'schedules are')} overdue")
    if not waiting:
        first = (Emoji("white_check_mark"), f" {plural(len(over), 'schedule')} ran late")
    elif over:
        first = (*first, f", and {len(over)} started late")
    lines: list[Span] = []
    for at, one in enumerate([*waiting, *over][:LATE_LISTED]):
        lines += ["\n• " if at else "• ", _name(one.title), *_lateness(one, app_url)]
    more = len(notice.late) - LATE_LISTED
    lines += [f"\n… and {more} more"] if more > 0 else []
    return Message((*first, ".\n", *lines), (Paragraph((*first, ".")), Paragraph(tuple(lines))))


def _late_emoji(late: Lateness) -> Emoji:
    return Emoji("alarm_clock") if late.is_open else Emoji("white_check_mark" if late.started else "white_circle")


def _lateness(late: Lateness, app_url: str) -> Sentence:
    if late.started is not None:
        return _started(late, late.started, app_url)
    due: Sentence = (" was due at ", When(late.first))
    missed = f"; {plural(late.slots, 'run')} missed so far" if late.slots > 1 else ""
    if late.why:
        return (*due, f" but didn't start: {late.why}", missed)
    if late.running is not None:
        running = late.running
        since: Sentence = (" (since ", When(running.started_at, "date_time"), ")") if running.started_at else ()
        return (*due, ", but ", _run_link(running.run, app_url), " is still running", *since, missed)
    return (" is late: the run due at ", When(late.first), " hasn't started", missed)


def _started(late: Lateness, run: IncidentRun, app_url: str) -> Sentence:
    at, slot = run.started_at or late.latest, late.started_for or late.latest
    late_s = (at - slot).total_seconds()
    how = f"{duration(late_s)} late" if late_s > ON_TIME_S else "on time"
    skipped = late.slots - (1 if slot <= late.latest else 0)
    missed = f"; {plural(skipped, 'run')} missed" if skipped > 0 else ""
    return (" started ", When(at), f", {how}: ", _run_link(run.run, app_url), missed)


# --- words ---


def _name(title: str) -> Bold:
    return Bold(cut(title, NAME_SHOWN))


def _run_link(run: int, app_url: str, word: str = "run") -> Link:
    return Link(run_url(app_url, run), f"{word} {run}")
