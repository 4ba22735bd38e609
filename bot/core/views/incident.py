"""An incident's one message in its channel, edited in place, and the posts in its thread.

Nothing in the message depends on the time of rendering. Names in it are plain text, because a mention that an edit adds
notifies nobody.

`bot.core.watching.incident_life` decides when there's something to post, and `bot.core.watching.edits` decides when the
message is edited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from bot.core.model.incident import HIDDEN, Incident, IncidentRun, IncidentState, OnIt, PostKind, ThreadPost
from bot.core.model.request import Request
from bot.core.model.run import Run, is_failed, is_final, run_url
from bot.core.model.run_end import RunError
from bot.core.model.state_labels import state_word
from bot.core.text.email_addresses import without_addresses
from bot.core.text.message import LABEL_MOST, Block, Button, Buttons, Choice, Confirm, Facts, Message, Paragraph
from bot.core.text.text import Bold, Code, Emoji, Link, Mention, Sentence, Span, When, cut, duration, plural
from bot.core.text.user_ids import is_user
from bot.core.views import buttons
from bot.core.views.hint import hint_line, retry_is_useless
from bot.core.views.retry_line import PERSON_SHOWN, retry_line
from bot.core.views.thread import failure, log_blocks
from bot.core.watching.handling import taken_at
from bot.core.watching.snooze import SnoozeChoice

NAME_SHOWN = 150
COMMAND_SHOWN = 120
SUMMARY_SHOWN = 160
ERRORS_LISTED = 10
ERROR_NAME_SHOWN = 80
ERROR_LINE_SHOWN = 200

# Said once, in the thread of a message that can't be edited anymore.
NOT_EDITABLE = "Slack no longer lets me edit the message above, so I'll post changes here."

_SNOOZES = (
    (SnoozeChoice.HOUR, "Snooze 1 h"),
    (SnoozeChoice.FOUR_HOURS, "Snooze 4 h"),
    (SnoozeChoice.MORNING, "Snooze until 9:00"),
    (SnoozeChoice.RECOVERY, "Snooze until it recovers"),
)
_NO_NAMES: Mapping[str, str] = {}


def incident_message(
    incident: Incident,
    app_url: str,
    names: Mapping[str, str] = _NO_NAMES,
    start: Request | None = None,
    earlier_url: str | None = None,
) -> Message:
    """Build an incident's message in any state.

    `names` are the names of `people_in(incident)` and its owner, if known. `start` is the newest retry that was asked for
    from this message, as long as it hasn't become a run. `earlier_url` is the address of the message that this one has
    replaced.
    """
    first = incident_headline(incident, app_url, names)
    if incident.state is IncidentState.CLOSED:
        return _closed(incident, first)
    if incident.state is IncidentState.RECOVERED:
        before = _seen_before(incident)
        row = _open_button(incident.recovered_by, app_url)
        blocks: list[Block] = [Paragraph(_lines(first, before)), *([Buttons((row,))] if row else [])]
        return Message((*first, *((". ", *before) if before else ())), tuple(blocks))
    what, facts = _what(incident), _facts(incident, app_url, names)
    if earlier_url:
        facts = (*facts, " · ", Link(earlier_url, "earlier message"))
    hint = hint_line((incident.cause,)) if incident.cause else ()
    paragraph = Paragraph(_lines(first, what, hint, *_handling(incident, start, app_url, names)))
    said = (*first, ". ", *(_with_stop(what) if what else ()), *facts)
    return Message(said, (paragraph, Facts(facts), Buttons(_buttons(incident, app_url))))


def unshowable_message(incident: Incident, app_url: str) -> Message:
    """Build the message that is posted if Slack refuses an incident's message: it has no text from elsewhere."""
    run = incident.failed
    where: Sentence = (" ", _run_link(run.run, app_url, "Open run"), ".") if run else ()
    return Message(("A schedule watched here failed, but Slack rejected the message about it.", *where))


def taken_message(incident: Incident, on_it: OnIt) -> Message:
    """Say who is already on an incident, with the button to take over, which its message may not show yet."""
    since: Sentence = (Mention(on_it.user), " has been on it since ", When(taken_at(on_it), "date_time"), ". ")
    text: Sentence = (*since, "To take it over, click ", Bold("Take over"), ".")
    return Message(text, (Paragraph(text), Buttons((_button(incident, buttons.INCIDENT_TAKE, "Take over"),))))


def people_in(incident: Incident) -> frozenset[str]:
    """The users whom an incident's record gives by id, without a name."""
    runs = (incident.latest, incident.recovered_by)
    users = {one.asked_by for one in runs if one and one.asked_by}
    return frozenset(users | ({incident.retry.by} if incident.retry and is_user(incident.retry.by) else set()))


def incident_headline(incident: Incident, app_url: str, names: Mapping[str, str] = _NO_NAMES) -> Sentence:
    """The first line of an incident's message: a whole sentence with its state."""
    name = Bold(cut(incident.name or incident.schedule, NAME_SHOWN))
    match incident.state:
        case IncidentState.CLOSED:
            title: Sentence = ("This incident is ",) if incident.why == HIDDEN else (name, ": ")
            return (Emoji("white_circle"), " ", *title, incident.why or "no longer watched here")
        case IncidentState.RECOVERED:
            return (Emoji("white_check_mark"), " ", name, *_recovered(incident, app_url, names))
        case IncidentState.FLAPPING:
            failed = f"{incident.failures + incident.retries} of {plural(incident.runs, 'run')} failed"
            return (Emoji("large_orange_circle"), " ", name, f" is flapping: {failed}", *_since(incident))
        case _:
            return (Emoji("red_circle"), " ", name, *_failing(incident))


def handled_by(incident: Incident) -> str:
    """Say for a list who is on an incident and whether it's snoozed, or return "" if neither applies."""
    words: list[str] = []
    if incident.on_it is not None:
        words.append(f"{cut(incident.on_it.name, PERSON_SHOWN) or 'somebody'} is on it")
    if incident.snooze is not None:
        words.append("snoozed")
    return ", ".join(words)


def thread_post(
    incident: Incident,
    post: ThreadPost,
    run: Run | None,
    mention: Sentence,
    app_url: str,
    names: Mapping[str, str] = _NO_NAMES,
) -> Message:
    """Build a post in an incident's thread.

    `run` is the run that the post is about, with its end, or None if its record is gone. `mention` holds the people
    to notify, if any; `names` has the same meaning as for the message.
    """
    notified: Sentence = (" ", *mention) if mention else ()
    match post.kind:
        case PostKind.OPENING:
            return _opening(incident, post, run, notified, app_url)
        case PostKind.RECOVERED:
            return Message((*incident_headline(incident, app_url, names), ".", *notified))
        case PostKind.NEW_ERROR:
            number = "New error" if len(post.errors) == 1 else f"{len(post.errors)} new errors"
            before = ", which failed before the recovery" if _is_after_recovery(incident, post) else ""
            return _listing((f"{number} in ", _run_link(post.run, app_url), f"{before}:", *notified), post.errors)
        case PostKind.REOPENED:
            return _reopened(incident, post, notified, app_url)
        case PostKind.STILL_FAILING:
            return _still_failing(incident, post, notified)
        case PostKind.STATE:
            return Message(_state_line(incident, post, app_url, names))


def _is_after_recovery(incident: Incident, post: ThreadPost) -> bool:
    """Whether the thread already reported the recovery before this post, which happens if the failure's log is late."""
    said = max((one.number for one in incident.posts if one.kind is PostKind.RECOVERED), default=post.number)
    return not incident.is_open and said < post.number


# --- first lines ---


def _failing(incident: Incident) -> Sentence:
    counted = _counted(incident)
    if incident.seen_before:
        again = " is failing again" if incident.reopened else " has been failing since before I started watching it"
        return (f"{again}: at least {counted}",)
    if incident.reopened:
        return (f" is failing again: {counted}", *_since(incident))
    if incident.failures + incident.retries > 1:
        return (f" is failing: {counted}", *_since(incident))
    ended = incident.first.ended_at if incident.first else None
    return (" failed", *((" ", When(ended, "date_time")) if ended else ()))


def _counted(incident: Incident) -> str:
    """Count the failed runs: `3 runs and 1 retry`."""
    runs = plural(incident.failures, "run")
    return f"{runs} and {plural(incident.retries, 'retry', 'retries')}" if incident.retries else runs


def _since(incident: Incident) -> Sentence:
    began = incident.first.ended_at if incident.first else None
    return (" since ", When(began, "date_time")) if began else ()


def _recovered(incident: Incident, app_url: str, names: Mapping[str, str]) -> Sentence:
    """Say what it recovered from, after how long if that's known, and with which run."""
    by: Sentence = ()
    run = incident.recovered_by
    if run is not None:
        who = starter_of(run, names)
        by = (" by ", _run_link(run.run, app_url), f" (started by {who})" if who else "")
    if _was_untold(incident):
        return (" failed once and recovered", *by)
    failures = plural(incident.failures, "failure")
    retried = f" and {plural(incident.retries, 'retry', 'retries')}" if incident.retries else ""
    least = "at least " if incident.seen_before else ""
    took = _took(incident)
    return (f" recovered after {least}{failures}{retried}", f", {took}," if took and by else "", *by)


def _was_untold(incident: Incident) -> bool:
    """Whether it failed only once, and recovered before that was reported."""
    once = incident.failures == 1 and not incident.retries and not incident.reopened
    return once and not any(post.kind is PostKind.RECOVERED for post in incident.posts)


def _took(incident: Incident) -> str:
    began = incident.first.ended_at if incident.first and not incident.seen_before else None
    ended = incident.recovered_by.ended_at if incident.recovered_by else None
    return duration((ended - began).total_seconds()) if began and ended and ended > began else ""


def _closed(incident: Incident, first: Sentence) -> Message:
    if incident.why == HIDDEN:
        return Message(first, (Paragraph(first),))
    when = _since(incident) if incident.failures + incident.retries > 1 else ()
    failed: Sentence = (f"{_counted(incident)} failed", *when, ".")
    return Message((*first, ". ", *failed), (Paragraph(first), Facts(failed)))


# --- the lines below ---


def _what(incident: Incident) -> Sentence:
    """The failed command or nodes, and whether the error was the same each time."""
    again = ""
    if incident.failures + incident.retries > 1 and incident.errors:
        different = len(incident.errors) + incident.errors_more
        again = ", the same each time" if incident.same_error else f"; {plural(different, 'different error')} so far"
    error = _error(incident.lines[0]) if incident.lines else ()
    if not incident.command:
        return (*error, again) if error else ()
    command = Code(cut(incident.command, COMMAND_SHOWN))
    if incident.summary:
        return (command, f": {cut(incident.summary, SUMMARY_SHOWN)}{again}")
    return (command, " failed", *((": ", *error) if error else ()), again)


def _handling(incident: Incident, start: Request | None, app_url: str, names: Mapping[str, str]) -> list[Sentence]:
    """Lines on the handling of an incident: its retry, who is on it, its snooze, and whether the schedule is paused."""
    lines: list[Sentence] = [retry_line(incident, start, app_url, names)]
    snooze = incident.snooze
    if incident.on_it is not None:
        who = cut(incident.on_it.name, PERSON_SHOWN) or names.get(incident.on_it.user, "Someone")
        lines.append((Emoji("raising_hand"), f" {who} is on it"))
    if snooze is not None:
        by = cut(snooze.name, PERSON_SHOWN) or names.get(snooze.by, "")
        until: Sentence = (" until ", When(snooze.until, "date_time")) if snooze.until else (" until it recovers",)
        lines.append((Emoji("zzz"), " Snoozed", f" by {by}" if by else "", *until))
    if incident.suspended:
        lines.append((Emoji("double_vertical_bar"), " The schedule is paused in Bolt"))
    return lines


def _seen_before(incident: Incident) -> Sentence:
    untrue = not incident.seen_before or incident.reopened
    return () if untrue else ("It had been failing since before I started watching it.",)


def _facts(incident: Incident, app_url: str, names: Mapping[str, str]) -> Sentence:
    """The newest run, and whose schedule it is."""
    spans: list[Span] = []
    run = incident.latest
    if run is not None:
        state = "" if is_failed(run.state) else f" {state_word(run.state)}"
        spans += ["Latest: ", _run_link(run.run, app_url), state]
        branch = branch_of(run)
        spans += [f" · {branch}"] if branch else []
        who = starter_of(run, names)
        spans += [f" · by {who}"] if who else []
        ended = run.ended_at or run.started_at
        spans += [" · ", When(ended, "date_time")] if ended else []
    owner = names.get(incident.owner or "") or _name(incident.owner or "")
    if owner:
        spans.append(f"{' · ' if spans else ''}owner {owner}")
    return tuple(spans) or (f"Schedule {cut(incident.schedule, NAME_SHOWN)}",)


def branch_of(run: IncidentRun) -> str:
    """A run's branch and commit, as far as they're known."""
    branch, commit = run.branch, run.commit
    if branch and commit and not commit.startswith(branch):
        return f"{cut(branch, 80)} @ {commit[:7]}"
    return cut(branch or (commit or "")[:7], 80)


def starter_of(run: IncidentRun, names: Mapping[str, str]) -> str:
    """The person who started a run: our asker, or else the name that Bolt gives, or "" if neither is known."""
    if run.asked_by:
        return cut(names.get(run.asked_by, ""), PERSON_SHOWN)
    return _name(run.actor or "")


def _name(word: str) -> str:
    """A person's name as Bolt gives it, without email addresses, which aren't posted."""
    return cut(without_addresses(word), PERSON_SHOWN)


# --- buttons ---


def _buttons(incident: Incident, app_url: str) -> tuple[Button, ...]:
    """At most five buttons: to retry, to say who's on it, to snooze, to read the log, and to open it in Bolt."""
    on_it = incident.on_it is not None
    row: list[Button] = [_retry_button(incident)]
    if on_it:
        row += [
            _button(incident, buttons.INCIDENT_TAKE, "Take over"),
            _button(incident, buttons.INCIDENT_LET_GO, "No longer on it"),
        ]
    else:
        row.append(_button(incident, buttons.INCIDENT_TAKE, "I'm on it", free=True))
    row.append(_button(incident, buttons.INCIDENT_WAKE, "End snooze") if incident.snooze else _snooze_menu(incident))
    row.append(_button(incident, buttons.INCIDENT_LOGS, "Logs"))
    open_run = None if on_it else _open_button(incident.failed, app_url)
    return (*row, open_run) if open_run else tuple(row)


def _retry_button(incident: Incident) -> Button:
    if incident.retry is not None and not is_final(incident.retry.state):
        what: Sentence = (f"Cancel run {incident.retry.run} of ", Bold(incident.name or incident.schedule), "?")
        confirm = Confirm("Cancel this run?", what, "Cancel run", "Keep it")
        cancel = _button(incident, buttons.INCIDENT_CANCEL, "Cancel retry", style="danger")
        return replace(cancel, confirm=confirm)
    useless = incident.cause is not None and retry_is_useless((incident.cause,))
    return _button(incident, buttons.INCIDENT_RETRY, "Retry failed", style=None if useless else "primary")


def _button(
    incident: Incident,
    action: str,
    label: str,
    *,
    style: Literal["primary", "danger"] | None = None,
    free: bool = False,
) -> Button:
    shown = buttons.IncidentButton(incident.schedule, incident.failed.run if incident.failed else 0, free)
    spoken = cut(f"{label}: {incident.name or incident.schedule}", LABEL_MOST)
    return Button(action, label, value=buttons.incident_value(shown), style=style, spoken=spoken)


def _snooze_menu(incident: Incident) -> Button:
    choices = (Choice(label, buttons.snooze_value(incident.schedule, choice)) for choice, label in _SNOOZES)
    return Button(buttons.INCIDENT_SNOOZE, "Snooze", choices=tuple(choices))


def _open_button(run: IncidentRun | None, app_url: str) -> Button | None:
    if run is None:
        return None
    spoken = f"Open in Bolt: run {run.run}"
    return Button(buttons.OPEN_RUN, "Open in Bolt", url=run_url(app_url, run.run), spoken=spoken)


# --- posts in the thread ---


def _opening(incident: Incident, post: ThreadPost, run: Run | None, notified: Sentence, app_url: str) -> Message:
    """Build the post about the run that opened the incident: the same as in the thread of a failed run's card."""
    link = _run_link(post.run, app_url, "Run")
    if run is not None and run.end is not None and run.end.failed is not None:
        first: Sentence = (link, ": ", *failure(run), *notified)
        return Message(first, (Paragraph(first), *log_blocks(run, app_url)))
    about = incident.failed is not None and incident.failed.run == post.run
    what = _with_stop((Code(cut(incident.command, COMMAND_SHOWN)), " failed")) if about and incident.command else ()
    return _listing((link, " failed. " if what else " failed.", *what, *notified), post.errors)


def _reopened(incident: Incident, post: ThreadPost, notified: Sentence, app_url: str) -> Message:
    first: list[Span] = ["Failing again: ", _run_link(post.run, app_url), " failed"]
    known = incident.failed is not None and incident.failed.run == post.run and incident.lines
    if post.errors:
        first.append(" with a new error." if len(post.errors) == 1 else f" with {len(post.errors)} new errors.")
    else:
        first.append(" with the same error as before." if known else ".")
    return _listing((*first, *notified), post.errors)


def _still_failing(incident: Incident, post: ThreadPost, notified: Sentence) -> Message:
    who = cut(incident.on_it.name, PERSON_SHOWN) if incident.on_it else ""
    on_it = f"{who or 'Someone'} is on it." if incident.on_it else "Nobody is on it."
    new = " New while it was snoozed:" if post.errors else ""
    first: Sentence = (f"Still failing: {_counted(incident)}", *_since(incident), f". {on_it}{new}", *notified)
    return _listing(first, post.errors)


def _state_line(incident: Incident, post: ThreadPost, app_url: str, names: Mapping[str, str]) -> Sentence:
    """The incident's state, which its message can no longer show; the first such line also says why."""
    spans: list[Span] = []
    if incident.is_open:
        for line in _handling(incident, None, app_url, names):
            spans += [*line, ". "] if line else []
        spans = spans or ["Nobody is on it, and it isn't snoozed. "]
    else:
        spans = [*incident_headline(incident, app_url, names), ". "]
    is_first = all(one.kind is not PostKind.STATE or one.number >= post.number for one in incident.posts)
    spans += [NOT_EDITABLE] if is_first else []
    return tuple(spans)


def _listing(first: Sentence, errors: Sequence[RunError]) -> Message:
    """A sentence and the errors below it, one per line."""
    if not errors:
        return Message(first)
    spans: list[Span] = []
    for at, error in enumerate(errors[:ERRORS_LISTED]):
        spans += ["\n• " if at else "• ", *_error(error)]
    more = len(errors) - ERRORS_LISTED
    spans += [f"\n… and {more} more"] if more > 0 else []
    return Message((*first, "\n", *spans), (Paragraph(first), Paragraph(tuple(spans))))


def _error(error: RunError) -> Sentence:
    name = " ".join(error.name.split())
    line = " ".join(error.line.split())
    return (Bold(cut(name, ERROR_NAME_SHOWN)), f": {cut(line, ERROR_LINE_SHOWN)}" if line else "")


# --- sentences ---


def _run_link(run: int, app_url: str, word: str = "run") -> Link:
    return Link(run_url(app_url, run), f"{word} {run}")


def _with_stop(sentence: Sentence) -> Sentence:
    last = sentence[-1] if sentence else ""
    return (*sentence, " " if isinstance(last, str) and last.endswith((".", "…")) else ". ")


def _lines(*lines: Sentence) -> Sentence:
    spans: list[Span] = []
    for line in lines:
        if line:
            spans += ["\n", *line] if spans else line
    return tuple(spans)
