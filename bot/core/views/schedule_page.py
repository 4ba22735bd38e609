"""The answer to `show`: everything that Bolt returns about a schedule.

`bot.flows.read_schedules` reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.model.bolt import Deferral, Notification, RunSummary, Schedule
from bot.core.model.command import HistoryCommand, PauseCommand, RunCommand, RunsCommand, WatchCommand
from bot.core.model.run import is_final
from bot.core.model.state_labels import state_emoji, state_word
from bot.core.runs.history import history, sparkline, summary
from bot.core.schedules.cron_in_words import next_told, told
from bot.core.text.message import LABEL_MOST, Block, Buttons, Facts, Message, Paragraph
from bot.core.text.text import Bold, Channel, Code, Sentence, Span, When, cut, plural
from bot.core.views.buttons import fitting
from bot.core.views.run_list import run_line
from bot.core.views.schedule_list import paused

NAME_SHOWN = 200
SHORT = 80
COMMANDS_SHOWN = 15
COMMAND_SHOWN = 160
RUNS_SHOWN = 5
NOTIFIED_SHOWN = 8
EVENTS_SHOWN = 6
# Schedules with this source can only be paused in their file.
YAML = "yaml"
MADE = {YAML: "defined in a YAML file", "ui": "created in Bolt", "api": "created through the API"}


def schedule_page(
    schedule: Schedule,
    runs: Sequence[RunSummary] | None,
    now: datetime,
    *,
    app_url: str,
    active: bool,
    watched_in: Sequence[str] = (),
) -> Message:
    """Show a schedule's details.

    `runs` are its newest runs, newest first, or None if Bolt doesn't return them. `watched_in` are the channels that
    watch it.
    """
    first = _headline(schedule, runs, active=active)
    when = next_told(schedule, now) if active else told(schedule.cron)
    lines: list[Sentence] = [first, ("When: ", *when), _whose(schedule), *_settings(schedule)]
    blocks: list[Block] = [Paragraph(_joined(lines)), Paragraph(_commands(schedule)), Facts(_notified(schedule))]
    blocks += [Facts(_watched(watched_in))] if watched_in else []
    blocks += _past(schedule, runs, app_url)
    blocks += _buttons(schedule, runs, active=active)
    return Message((*first, ". When: ", *when, ". ", *_whose(schedule), "."), tuple(blocks))


def _headline(schedule: Schedule, runs: Sequence[RunSummary] | None, *, active: bool) -> Sentence:
    state = runs[0].state if runs else schedule.last_run_state
    at = runs[0].started_at if runs else schedule.last_run_at
    spans: list[Span] = [
        state_emoji(state),
        " ",
        Bold(cut(schedule.name, NAME_SHOWN)),
        " (",
        Code(cut(schedule.slug, NAME_SHOWN)),
        ")",
    ]
    stands = state_word(state)
    spans.append(f" {stands}" if state is None else f": last run {stands}" if is_final(state) else f" is {stands}")
    spans += [", started ", When(at, "date_time")] if at else []
    spans += [*paused(schedule), "" if active else " · inactive"]
    return tuple(spans)


def _whose(schedule: Schedule) -> Sentence:
    owner = f"Owner {cut(schedule.owner, SHORT)}" if schedule.owner else "No owner"
    made = f" · {MADE.get(schedule.source.lower(), f'source {cut(schedule.source, SHORT)}')}" if schedule.source else ""
    branch: Sentence = (
        (" · branch ", Code(cut(schedule.git_branch, SHORT))) if schedule.git_branch else (" · no branch set",)
    )
    stands = {True: " · paused", False: " · not paused", None: ""}[schedule.suspended]
    return (owner, made, *branch, stands)


def _settings(schedule: Schedule) -> list[Sentence]:
    return [("Turbo CI: ", *_deferral(schedule.turbo_ci)), ("Deferral: ", *_deferral(schedule.deferral))]


def _deferral(deferral: Deferral | None) -> Sentence:
    if deferral is None:
        return ("not set",)
    if not deferral.enabled:
        return ("off",)
    spans: list[Span] = ["on"]
    other = deferral.schedule_slug or deferral.schedule_name
    if other:
        spans += [", to schedule ", Code(cut(other, SHORT))]
    if deferral.environment_slug:
        spans += [", to environment ", Code(cut(deferral.environment_slug, SHORT))]
    if deferral.successful_run_only:
        spans.append(", successful runs only")
    return tuple(spans)


def _commands(schedule: Schedule) -> Sentence:
    listed = schedule.commands
    if not listed:
        return ("Bolt lists no commands for this schedule.",)
    spans: list[Span] = [f"{plural(len(listed), 'command')}:"]
    for number, command in enumerate(listed[:COMMANDS_SHOWN], start=1):
        spans += [f"\n{number}. ", Code(cut(command, COMMAND_SHOWN))]
    more = len(listed) - COMMANDS_SHOWN
    return (*spans, f"\nand {more} more in Bolt") if more > 0 else tuple(spans)


def _notified(schedule: Schedule) -> Sentence:
    """Bolt's notifications. Older backends report them in four lists, newer ones in those and in `notifications`."""
    told_of = schedule.notifications or (
        *(Notification("slack", one, schedule.slack_on) for one in schedule.slack_notify),
        *(Notification("email", one, schedule.email_on) for one in schedule.email_notify),
    )
    if not told_of:
        return ("Bolt sends no notifications for this schedule.",)
    spans: list[Span] = ["Bolt notifies "]
    for at, one in enumerate(told_of[:NOTIFIED_SHOWN]):
        medium = {"slack": "Slack", "teams": "Teams"}.get(one.medium, one.medium)
        on = ", ".join(cut(event, SHORT) for event in one.events[:EVENTS_SHOWN]) or "unspecified events"
        template = f", template {cut(one.template, SHORT)}" if one.template else ""
        spans.append(
            f"{'; ' if at else ''}{medium} {cut(one.channel, SHORT) or 'without an address'} on {on}{template}"
        )
    more = len(told_of) - NOTIFIED_SHOWN
    return (*spans, f"; and {more} more." if more > 0 else ".")


def _watched(channels: Sequence[str]) -> Sentence:
    spans: list[Span] = ["Watched in "]
    for at, channel in enumerate(channels):
        spans += [", " if at else "", Channel(channel)]
    return (*spans, ".")


def _past(schedule: Schedule, runs: Sequence[RunSummary] | None, app_url: str) -> list[Block]:
    if runs is None:
        return [Facts(("Bolt isn't returning this schedule's runs right now.",))]
    if not runs:
        return []
    blocks: list[Block] = [Paragraph(_joined([run_line(run, app_url) for run in runs[:RUNS_SHOWN]]))]
    shown = history(schedule.name, runs)
    if shown.is_enough:
        sparks = sparkline(shown)
        words = summary(shown)
        drawn: Sentence = (Code(sparks), " ") if sparks else ()
        blocks.append(Facts((*drawn, words[:1].upper() + words[1:])))
    return blocks


def _buttons(schedule: Schedule, runs: Sequence[RunSummary] | None, *, active: bool) -> tuple[Buttons, ...]:
    name, slug = schedule.name, schedule.slug
    made = [*fitting("Run", RunCommand(slug), spoken=cut(f"Run {name}", LABEL_MOST))] if active else []
    made += fitting("Runs", RunsCommand(slug), spoken=cut(f"Runs of {name}", LABEL_MOST))
    if runs and history(name, runs).is_enough:
        made += fitting("History", HistoryCommand(slug), spoken=cut(f"Post the history of {name} here", LABEL_MOST))
    if active and schedule.source.lower() != YAML:
        label = "Resume" if schedule.suspended else "Pause"
        pause = PauseCommand(slug, pause=not schedule.suspended)
        made += fitting(label, pause, spoken=cut(f"{label} {name}", LABEL_MOST))
    if active:
        made += fitting("Watch", WatchCommand(slug), spoken=cut(f"Watch {name} in this channel", LABEL_MOST))
    return (Buttons(tuple(made)),) if made else ()


def _joined(lines: Sequence[Sentence]) -> Sentence:
    spans: list[Span] = []
    for at, line in enumerate(lines):
        spans += ["\n", *line] if at else line
    return tuple(spans)
