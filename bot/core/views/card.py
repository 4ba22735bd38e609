"""The card: the single message of a run in a channel.

The first glance answers "did it work", the second "what broke", the third "what can I do". Nothing on it depends on the
time of rendering.

`bot.flows.edit_cards` decides when it's edited, and `bot.core.views.thread` has the posts in its thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bot.core.logs.nodes import warnings
from bot.core.model.command import ArtifactsCommand, LogsCommand, RunCommand
from bot.core.model.request import Request, RequestState
from bot.core.model.run import LOST, Retried, Run, is_failed, is_final, run_url
from bot.core.model.state_labels import state_emoji, state_word
from bot.core.runs.progress import bar, commands_known, progress
from bot.core.runs.usual_duration import share, slowness_in_words, usual_end
from bot.core.text.message import LABEL_MOST, Block, Button, Buttons, Confirm, Facts, Message, Paragraph
from bot.core.text.text import Bold, Code, Emoji, Link, Mention, Sentence, Span, When, cut, duration, plural
from bot.core.views import buttons
from bot.core.views.approval import pending_card
from bot.core.views.hint import hint_line, retry_is_useless

COMMAND_SHOWN = 120
REASON_SHOWN = 200
OVERRIDES_SHOWN = 600
CANDIDATES_SHOWN = 5
# States after which people may want to repeat the run. A skipped run has no logs.
AGAIN_STATES = ("SUCCESS", "CANCELED", "SKIPPED")
# States in which a start that is or was queued has a special card.
QUEUED_STATES = (RequestState.QUEUED, RequestState.REFUSED, RequestState.CLOSED)


def run_card(run: Run, app_url: str, *, has_thread: bool = True) -> Message:
    """Build the card of a run in any state. `has_thread` is False where the card is shown without its thread."""
    first = headline(run)
    url = run_url(app_url, run.id)
    retried = retried_by(run.retried, app_url) if run.retried else ()
    blocks: list[Block] = [
        Paragraph(_lines(first, *_details(run, has_thread=has_thread), *([retried] if retried else [])))
    ]
    facts = _facts(run, app_url)
    blocks.append(Facts(facts))
    overrides = _overrides(run)
    if overrides:
        blocks.append(Facts(overrides))
    blocks.append(Buttons(_buttons(run, url)))
    more: Sentence = (". ", *retried) if retried else ()
    slowness: Sentence = (f", {slowness_in_words(run)}",) if slowness_in_words(run) else ()
    return Message((*first, *slowness, ". ", *facts, *more), tuple(blocks))


def retry_of(run_id: int, app_url: str) -> Link:
    """The link from the card of a retry to the run that it retries."""
    return Link(run_url(app_url, run_id), f"Retry of run {run_id}")


def retried_by(retried: Retried, app_url: str) -> Sentence:
    """Say that a run was retried, with a link to the new run's card, or else to its page in Bolt."""
    where = Link(retried.url or run_url(app_url, retried.run), f"run {retried.run}")
    return ("Retried by ", Mention(retried.user), " as ", where)


def headline(run: Run) -> Sentence:
    """The first line: a whole sentence with the run's status."""
    state, name, emoji = run.seen.state, Bold(run.title), state_emoji(run.seen.state)
    took: Sentence = (f" after {duration(run.seconds)}",) if run.seconds is not None else ()
    if state == "SUCCESS":
        length: Sentence = (f" in {duration(run.seconds)}",) if run.seconds is not None else ()
        return (emoji, " ", name, " succeeded", *length, *_recovered(run))
    if is_failed(state):
        return (emoji, " ", name, " failed", *took)
    if state == "CANCELED":
        by: Sentence = (" by ", Mention(run.wish.user)) if run.wish and run.wish.asked else ()
        return (emoji, " ", name, " was cancelled", *by, *took)
    if state == "SKIPPED":
        return (emoji, " ", name, " was skipped")
    if state == LOST:
        return (
            Emoji("grey_question"),
            " I've lost track of ",
            name,
            f": run {run.id} has been missing from Bolt for a day",
        )
    if run.wish:
        cancelled_by: Sentence = (" is being cancelled by ", Mention(run.wish.user))
        return (Emoji("hourglass_flowing_sand"), " ", name, *cancelled_by)
    return (emoji, " ", name, f" is {state_word(state)}")


def second_glance(run: Run) -> Sentence:
    """The current command or the failure, or nothing if there's nothing to show."""
    return _lines(*_details(run))


def facts(run: Run, app_url: str) -> Sentence:
    """A run's facts: its link, branch, who started it and when."""
    return _facts(run, app_url)


def _recovered(run: Run) -> Sentence:
    """Say that a success follows failures, without the word "failed", which is only for failures."""
    end = run.end
    if end is None or not end.recovered:
        return ()
    return (f", recovered after {'at least ' if end.recovered_more else ''}{plural(end.recovered, 'failure')}",)


def request_card(request: Request, app_url: str) -> Message:
    """Build the card of a start without a run: starting, searched for, or unclear."""
    if request.state is RequestState.PENDING:
        return pending_card(request, app_url)
    if request.keeps_card and request.state in QUEUED_STATES:
        return queued_card(request, app_url)
    name = Bold(request.title)
    requested: Sentence = ("Requested by ", Mention(request.user), " at ", When(request.asked_at))
    if request.approved_by:
        requested = (*requested, " · approved by ", Mention(request.approved_by))
    parent = request.plan.parent_run if request.plan else None
    if parent is not None:
        requested = (*requested, " · ", retry_of(parent, app_url))
    requested = (
        *requested,
        *_because(request.start_command.reason if isinstance(request.start_command, RunCommand) else None),
    )
    if request.state is RequestState.LOOKING:
        first: Sentence = (Emoji("mag"), " ", name, " may have started: Bolt didn't answer, so I'm looking for the run")
    elif request.state is RequestState.UNCLEAR:
        first = (Emoji("grey_question"), " ", Mention(request.user), ": it's unclear whether ", name, " started")
    elif request.state is RequestState.SETTLED and request.run_id:
        # A run has one card per channel, and this one was followed before it was known to belong to the start.
        run = Link(run_url(app_url, request.run_id), f"run {request.run_id}")
        first = (Emoji("arrow_right"), " ", name, " has started as ", run, "; it already has a card in this channel")
    else:
        first = (Emoji("clock1"), " ", name, " is starting")
    blocks: tuple[Block, ...] = (Paragraph(_lines(first, *_unclear(request, app_url))), Facts(requested))
    return Message((*first, ". ", *requested), blocks)


def queued_card(request: Request, app_url: str) -> Message:
    """Build the card of a start that waits for a run to end, or that waited and wasn't started."""
    requested = queued_facts(request, app_url)
    if request.state is not RequestState.QUEUED:
        first: Sentence = (Emoji("black_square_for_stop"), " ", *not_started(request))
        return Message((*first, " ", *requested), (Paragraph(first), Facts(requested)))
    first = waits_for(request, app_url)
    return Message(
        (*first, ". ", *requested), (Paragraph(first), Facts(requested), Buttons((buttons.drop_button(request),)))
    )


def waits_for(request: Request, app_url: str) -> Sentence:
    """Say what a start is waiting for."""
    return (Emoji("vertical_traffic_light"), " ", Bold(request.title), " is waiting for ", *_awaited(request, app_url))


def queued_facts(request: Request, app_url: str) -> Sentence:
    """The facts about a queued start: who asked and when, and any overrides."""
    requested: Sentence = ("Requested by ", Mention(request.user), " at ", When(request.queued_at or request.asked_at))
    return (*requested, *_what(request, app_url))


def _what(request: Request, app_url: str) -> list[Span]:
    """The overrides of a start: anything beyond the schedule as it is."""
    parent, start_command = request.plan.parent_run if request.plan else None, request.start_command
    if parent is not None:
        return [" · ", retry_of(parent, app_url)]
    if not isinstance(start_command, RunCommand):
        return []
    spans: list[Span] = [f" · {cut(start_command.branch, 80)}"] if start_command.branch else []
    spans += [f" · pull request {start_command.pull_request}"] if start_command.pull_request else []
    return [*spans, *_because(start_command.reason)]


def _because(reason: str | None) -> Sentence:
    """The reason for a start, in the asker's words."""
    return (f" · reason: {cut(reason, REASON_SHOWN)}",) if reason else ()


def not_started(request: Request) -> Sentence:
    """Explain in a sentence or two why a queued start wasn't sent."""
    name = Bold(request.title)
    if request.dropped_by:
        return (name, " wasn't started: ", Mention(request.dropped_by), " removed it from the queue.")
    if request.denied_by:
        did = " withdrew it." if request.denied_by == request.user else " denied it."
        return (name, " wasn't started: ", Mention(request.denied_by), did)
    return (name, f" wasn't started. {request.why}")


def _awaited(request: Request, app_url: str) -> Sentence:
    run: Span = "the run before it"
    if request.behind:
        run = Link(run_url(app_url, request.behind), f"run {request.behind}")
    if not request.ahead:
        return (run, " to end")
    return (run, f" to end, behind {plural(request.ahead, 'earlier start')}")


def _unclear(request: Request, app_url: str) -> list[Sentence]:
    if request.state is not RequestState.UNCLEAR:
        return []
    if not request.candidates:
        where = Link(app_url, "Check in Bolt")
        return [("Bolt didn't answer, and I found no matching run. ", where, " before you try again.")]
    return [("Bolt didn't answer, and ", *may_be_it(request.candidates, app_url), ".")]


def may_be_it(candidates: Sequence[int], app_url: str) -> Sentence:
    """List the runs that a start with a lost response may have created.

    A single candidate is unclear if another start may have created that run.
    """
    links = [Link(run_url(app_url, run_id), f"run {run_id}") for run_id in candidates[:CANDIDATES_SHOWN]]
    if len(candidates) == 1:
        return (links[0], " may belong to this start, or to another one whose response was also lost")
    spans: list[Span] = ["any of these may belong to this start: "]
    for at, link in enumerate(links):
        spans += [", " if at else "", link]
    more = len(candidates) - len(links)
    return (*spans, f" and {more} more") if more else tuple(spans)


def _lines(*lines: Sentence) -> Sentence:
    spans: list[Span] = []
    for at, line in enumerate(lines):
        spans += ["\n", *line] if at else line
    return tuple(spans)


def _details(run: Run, *, has_thread: bool = True) -> list[Sentence]:
    """The lines below the headline: the current command, or the reason for a failure."""
    if not is_final(run.seen.state):
        return _running(run)
    end = run.end
    if run.seen.state == "SUCCESS" and end is not None and end.warned:
        return [warnings(end)]
    if not is_failed(run.seen.state) or end is None:
        return []
    if end.failed is None:
        return [("Bolt doesn't say which command failed.",)]
    what: list[Span] = [Code(cut(end.failed.text, COMMAND_SHOWN)), f" exited with {end.failed.return_code}"]
    if end.summary:
        what.append(f": {cut(end.summary, 160)}")
    hint = hint_line(end.causes)
    stop = "" if isinstance(what[-1], str) and what[-1].endswith("…") else "."
    return [(*what, f"{stop} Details in the thread." if has_thread else stop), *([hint] if hint else [])]


def _running(run: Run) -> list[Sentence]:
    now = progress(run)
    spans: list[Span] = []
    passed = share(run)
    if passed is not None:
        of_commands = f" · {now.done} of {now.total}" if now.total else ""
        spans.append(f"{bar(passed, 100)} {slowness_in_words(run) or f'{passed}%'}{of_commands}")
    elif now.total:
        spans.append(f"{bar(now.done, now.total)} {now.done} of {now.total}")
    elif now.done:
        spans.append(f"{now.done} done")
    if now.current:
        spans += [" · " if spans else "", Code(cut(now.current, COMMAND_SHOWN))]
    usual = usual_end(run.started_at, run.facts.usual_s)
    if usual:
        spans += [" · " if spans else "", "usually done by ", When(usual)]
    return [tuple(spans)] if spans else []


def _facts(run: Run, app_url: str) -> Sentence:
    spans: list[Span] = [Link(run_url(app_url, run.id), f"Run {run.id}")]
    where = _branch(run)
    if where:
        spans.append(f" · {where}")
    if run.facts.pull_request:
        spans.append(f" · pull request {run.facts.pull_request}")
    if run.facts.parent_run:
        spans += [" · ", retry_of(run.facts.parent_run, app_url)]
    if run.facts.asked_by:
        spans += [" · started by ", Mention(run.facts.asked_by)]
    if run.facts.approved_by:
        spans += [", approved by ", Mention(run.facts.approved_by)]
    if run.started_at:
        spans += [" at " if run.facts.asked_by else " · started at ", When(run.started_at)]
    if run.facts.actor and not run.facts.asked_by:
        spans.append(f"{'' if run.started_at else ' · started'} by {cut(run.facts.actor, 80)}")
    if run.facts.followed_by:
        spans += [" · followed by ", Mention(run.facts.followed_by)]
    return (*spans, *_because(run.facts.reason))


def _branch(run: Run) -> str:
    branch = run.facts.branch or (run.end.branch if run.end else None)
    commit = run.end.commit if run.end else None
    if branch and commit and not commit.startswith(branch):
        return f"{cut(branch, 80)} @ {commit[:7]}"
    return cut(branch or (commit or "")[:7], 80)


def _overrides(run: Run) -> Sentence:
    """Show the commands given instead of the schedule's own: in full if they fit, else the first and a count."""
    if not run.facts.overridden or not run.facts.commands or run.facts.only_failed:
        return ()
    commands = run.facts.commands
    if sum(len(command) for command in commands) <= OVERRIDES_SHOWN:
        spans: list[Span] = ["Commands: "]
        for at, command in enumerate(commands):
            spans += [", " if at else "", Code(command)]
        return tuple(spans)
    more = f" and {len(commands) - 1} more" if len(commands) > 1 else ""
    return ("Commands: ", Code(cut(commands[0], OVERRIDES_SHOWN)), more)


def _buttons(run: Run, url: str) -> tuple[Button, ...]:
    state = run.seen.state
    open_run = Button(buttons.OPEN_RUN, "Open in Bolt", url=url, spoken=f"Open in Bolt: run {run.id}")
    if is_failed(state):
        style: Literal["primary"] | None = None if run.end and retry_is_useless(run.end.causes) else "primary"
        failed = _button(run, buttons.RETRY_FAILED, "Retry failed", style=style)
        return (failed, _button(run, buttons.RETRY_ALL, "Retry all"), *_reading(run), open_run)
    if state in AGAIN_STATES:
        again = (_button(run, buttons.RUN_AGAIN, "Run again"),) if run.facts.slug and commands_known(run) else ()
        read = _reading(run) if state == "SUCCESS" else _reading(run)[:1] if state == "CANCELED" else ()
        return (*again, *read, open_run)
    if is_final(state):
        return (open_run,)
    follow = buttons.command_button("Live log", LogsCommand(run.id, follow=True), spoken=_spoken("Live log", run))
    if run.wish:
        return (open_run, follow)
    cancel = Button(
        buttons.CANCEL_RUN,
        "Cancel run",
        value=buttons.run_value(run),
        style="danger",
        confirm=cancel_confirm(run),
        spoken=cut(f"Cancel run {run.id} of {run.title}", LABEL_MOST),
    )
    return (cancel, open_run, follow)


def cancel_confirm(run: Run) -> Confirm:
    """The confirmation before a click cancels a run."""
    return Confirm("Cancel this run?", (f"Cancel run {run.id} of ", Bold(run.title), "?"), "Cancel run", "Keep it")


def _button(run: Run, action: str, label: str, *, style: Literal["primary"] | None = None) -> Button:
    return Button(action, label, value=buttons.run_value(run), style=style, spoken=_spoken(label, run))


def _reading(run: Run) -> tuple[Button, Button]:
    """The buttons to read an ended run's logs and artifacts."""
    return (
        buttons.command_button("Logs", LogsCommand(run.id), spoken=_spoken("Logs", run)),
        buttons.command_button("Artifacts", ArtifactsCommand(run.id), spoken=_spoken("Artifacts", run)),
    )


def _spoken(label: str, run: Run) -> str:
    """The label for screen readers: the visible words, then the run."""
    what = f" of {run.title}" if run.facts.name or run.facts.slug else ""
    return cut(f"{label}: run {run.id}{what}", LABEL_MOST)
