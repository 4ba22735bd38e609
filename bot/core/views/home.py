"""The app's Home tab: a person's runs and schedules, the most useful first.

`bot.flows.read_home` chooses the runs, and `bot.flows.home` decides when the tab is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from bot.core.model.command import RunCommand, RunForm, ShowCommand
from bot.core.model.incident import Incident
from bot.core.text.message import Block, Button, Buttons, Facts, Heading, Message, Paragraph
from bot.core.text.text import Bold, Channel, Code, Link, Sentence, Span, When
from bot.core.views.active_runs import NO_STARTS, ListedRun, ListedStarts, entry, start_entries
from bot.core.views.buttons import (
    HOME_PAGE,
    HOME_PAGES_MOST,
    HOME_RUN,
    VALUE_LIMIT,
    command_button,
    command_in_value,
    home_page_value,
)
from bot.core.views.incident import handled_by, incident_headline
from bot.core.views.paging import turns

# Entries per page: a Home tab has at most 100 blocks.
RUNS_A_PAGE = 6
FAILURES_A_PAGE = 5
SCHEDULES_A_PAGE = 5
COUNTED_MOST = 100
INCIDENTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class HomeSection:
    """Runs of one kind on a page, and the total."""

    total: int = 0
    runs: tuple[ListedRun, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedIncident:
    """An open incident in a list. `url` is its message's permalink, or None if unknown or if it has no message."""

    incident: Incident
    url: str | None = None


@dataclass(frozen=True, slots=True)
class FailingNow:
    """Open incidents of a person's channels, and the total."""

    total: int = 0
    listed: tuple[ListedIncident, ...] = ()


@dataclass(frozen=True, slots=True)
class FrequentSchedule:
    """A schedule that the person often runs, and the channel in which a click runs it.

    `channel` is "" for direct messages with the bot; `channel_name` is empty if unknown. `left`: the person or the bot
    is no longer in the channel of the last run.
    """

    slug: str
    name: str
    channel: str
    channel_name: str = ""
    left: bool = False


@dataclass(frozen=True, slots=True)
class HomePage:
    """Content of a page of the Home tab. `missing` says what is left out and why, or is empty."""

    at: datetime
    number: int = 0
    mine: HomeSection = HomeSection()
    others: HomeSection = HomeSection()
    failures: HomeSection = HomeSection()
    schedules: tuple[FrequentSchedule, ...] = ()
    schedules_total: int = 0
    missing: str = ""
    notice: Sentence = ()
    queued: ListedStarts = NO_STARTS
    failing: FailingNow = FailingNow()

    @property
    def pages(self) -> int:
        """Number of pages."""
        needed = (
            ceil(self.mine.total / RUNS_A_PAGE),
            ceil(self.others.total / RUNS_A_PAGE),
            ceil(self.failures.total / FAILURES_A_PAGE),
            ceil(self.schedules_total / SCHEDULES_A_PAGE),
        )
        return min(HOME_PAGES_MOST, max(1, *needed))


def home(page: HomePage, app_url: str, prefix: str) -> Message:
    """Build a page of a person's Home tab."""
    blocks: list[Block] = [Paragraph(page.notice)] if page.notice else []
    blocks += [_actions(page), Facts(_refreshed(page))]
    blocks += _failing(page, app_url)
    start = Code(f"{prefix} run <schedule>")
    blocks += _part(
        page, page.mine, "Your active runs", ("None. ", "Start one here, or with ", start, " in a channel."), app_url
    )
    if page.queued.listed and not page.number:
        blocks += [Heading(f"Your queued starts ({page.queued.total})"), *start_entries(page.queued, app_url)]
    missing: Sentence = (page.missing,) if page.missing else ()
    blocks += _part(page, page.others, "Active runs in your channels", missing or ("No other active runs.",), app_url)
    if missing and page.others.runs:
        blocks.append(Facts(missing))
    blocks += _part(page, page.failures, "Recent failures", ("None in the last 7 days.",), app_url)
    blocks += _schedules(page, start)
    if page.pages > 1:
        row = turns(HOME_PAGE, page.number + 1, page.pages, lambda number: home_page_value(number - 1))
        blocks.append(Buttons(row))
    return Message(("Bolt runs",), tuple(blocks))


def away_home(at: datetime, sentence: str) -> Message:
    """The Home tab if nothing can be read."""
    page = HomePage(at)
    text: Sentence = (f"{sentence} Your runs in Bolt aren't affected. Refresh in a minute.",)
    return Message(text, (Paragraph(text), _actions(page), Facts(_refreshed(page))))


def closed_home(at: datetime, sentence: str, notice: Sentence) -> Message:
    """The Home tab for a person who isn't allowed to read: the reason, and the outcome of the last click."""
    page = HomePage(at)
    said: list[Block] = [Paragraph(notice)] if notice else []
    return Message((sentence,), (*said, Paragraph((sentence,)), _actions(page), Facts(_refreshed(page))))


def _actions(page: HomePage) -> Buttons:
    start = command_button("Start a run", RunForm())
    refresh = Button(f"{HOME_PAGE}.refresh", "Refresh", value=home_page_value(page.number))
    return Buttons((start, refresh))


def _refreshed(page: HomePage) -> Sentence:
    which = f" · page {page.number + 1} of {page.pages}" if page.pages > 1 else ""
    return ("Refreshed ", When(page.at, "date_time"), which)


def _part(page: HomePage, part: HomeSection, title: str, empty: Sentence, app_url: str) -> list[Block]:
    """A section with its heading and runs. Only the first page mentions empty sections."""
    if not part.runs:
        return [] if page.number else [Heading(title), Facts(empty)]
    # Runs are counted only up to this number.
    counted = str(part.total) if part.total <= COUNTED_MOST else f"more than {COUNTED_MOST}"
    return [Heading(f"{title} ({counted})"), *(block for one in part.runs for block in entry(one, app_url))]


def _failing(page: HomePage, app_url: str) -> list[Block]:
    """The open incidents, one per line. The section is on the first page only, and left out if nothing fails."""
    failing = page.failing
    if not failing.listed or page.number:
        return []
    spans: list[Span] = []
    for at, one in enumerate(failing.listed[:INCIDENTS_SHOWN]):
        spans += ["\n" if at else "", *incident_headline(one.incident, app_url), " · ", Channel(one.incident.channel)]
        spans += [f" · {by}"] if (by := handled_by(one.incident)) else []
        spans += [" · ", Link(one.url, "Open")] if one.url else []
    more = failing.total - min(len(failing.listed), INCIDENTS_SHOWN)
    note: list[Block] = [Facts((f"and {more} more.",))] if more > 0 else []
    return [Heading(f"Failing now ({failing.total})"), Paragraph(tuple(spans)), *note]


def _schedules(page: HomePage, start: Code) -> list[Block]:
    title = "Schedules you run most"
    if not page.schedules:
        empty: Sentence = ("None yet. Schedules that you start here or with ", start, " will show up here.")
        return [] if page.number else [Heading(title), Facts(empty)]
    blocks: list[Block] = [Heading(title)]
    for at, one in enumerate(page.schedules):
        blocks.append(Paragraph(_often(one)))
        row = _often_buttons(one, at)
        if row:
            blocks.append(Buttons(row))
    return blocks


def _often(one: FrequentSchedule) -> Sentence:
    spans: list[Span] = [Bold(one.name)]
    if one.left:
        spans.append(" · the channel of your last run is archived, or one of us has left it")
    elif one.channel:
        spans += [" · runs in ", Channel(one.channel), ", like last time"]
    return tuple(spans)


def _often_buttons(one: FrequentSchedule, number: int) -> tuple[Button, ...]:
    """The buttons of a frequent schedule, or an empty tuple if its name is too long for a button."""
    value = command_in_value(RunCommand(one.slug), one.channel)
    if len(value) > VALUE_LIMIT:
        return ()
    where = f" in #{one.channel_name}" if one.channel_name else "" if one.channel else " in direct messages"
    run = Button(f"{HOME_RUN}.{number}", f"Run{where}", value=value, spoken=f"Run {one.name}{where}")
    details = command_button("Details", ShowCommand(one.slug), number=number, spoken=f"Details of {one.name}")
    return (run, details)
