"""The answer to `runs`: a schedule's newest runs, ten per page.

`bot.flows.read_schedules` decides how many are read.
"""

from __future__ import annotations

from bot.core.model.bolt import RunSummary, Schedule
from bot.core.model.command import RunCommand, RunsCommand
from bot.core.model.request import pull_request_of
from bot.core.model.run import Run, RunFacts, RunKey, is_final, run_url
from bot.core.model.state_labels import state_emoji, state_word
from bot.core.text.message import LABEL_MOST, Block, Buttons, Message, Paragraph
from bot.core.text.text import Bold, Link, Sentence, Span, When, cut, duration, plural
from bot.core.views.buttons import fitting, follow_button
from bot.core.views.paging import ListPage, page_buttons

NAME_SHOWN = 80
BRANCH_SHOWN = 80
WHO_SHOWN = 80


def run_list(
    schedule: Schedule, shown: ListPage[RunSummary], command: RunsCommand, *, workspace: str, app_url: str, most: int
) -> Message:
    """Show a page of runs. `most` is how many were requested from Bolt: there may be more."""
    name = Bold(cut(schedule.name, NAME_SHOWN))
    if not shown.total:
        return never_ran(schedule)
    newest = f"the newest {most} runs" if shown.total >= most else plural(shown.total, "run")
    first: Sentence = (name, f": {newest}{shown.told}.")
    blocks: list[Block] = [Paragraph(first)]
    for run in shown.items:
        blocks.append(Paragraph(run_line(run, app_url)))
        if not is_final(run.state):
            blocks.append(Buttons((follow_button(listed_run(schedule, run, workspace)),)))
    spans: list[Span] = []
    for at, run in enumerate(shown.items):
        spans += ["; " if at else " ", f"run {run.id} {state_word(run.state)}"]
    return Message((*first, *spans, "."), (*blocks, *page_buttons(shown, command)))


def never_ran(schedule: Schedule) -> Message:
    """Say that a schedule hasn't run yet."""
    text: Sentence = (Bold(cut(schedule.name, NAME_SHOWN)), " hasn't run yet.")
    run = fitting("Run", RunCommand(schedule.slug), spoken=cut(f"Run {schedule.name}", LABEL_MOST))
    return Message(text, (Paragraph(text), *((Buttons(run),) if run else ())))


def run_line(run: RunSummary, app_url: str) -> Sentence:
    """Describe a run on one line: its state and facts."""
    spans: list[Span] = [state_emoji(run.state), " ", Link(run_url(app_url, run.id), f"Run {run.id}")]
    spans.append(f" {state_word(run.state)}")
    if run.started_at and run.ended_at:
        took = duration((run.ended_at - run.started_at).total_seconds())
        spans.append(f" in {took}" if run.state == "SUCCESS" else f" after {took}")
    if run.started_at:
        spans += [" · started ", When(run.started_at, "date_time")]
    where = _branch(run)
    spans += [f" · {where}"] if where else []
    if run.pull_request:
        spans.append(f" · pull request {cut(run.pull_request, 20)}")
    if run.parent_run_id:
        spans.append(f" · retry of run {run.parent_run_id}")
    who = run.actor_email or run.actor
    spans += [f" · by {cut(who, WHO_SHOWN)}"] if who else []
    return tuple(spans)


def listed_run(schedule: Schedule, run: RunSummary, workspace: str) -> Run:
    """Build a run from what a schedule's listing says about it."""
    facts = RunFacts(
        slug=schedule.slug,
        name=schedule.name,
        branch=run.branch,
        pull_request=pull_request_of(run),
        parent_run=run.parent_run_id,
        asked_at=run.started_at,
    )
    return Run(RunKey(workspace, run.id), facts=facts)


def _branch(run: RunSummary) -> str:
    commit = (run.commit or "")[:7]
    if run.branch and commit and not (run.commit or "").startswith(run.branch):
        return f"{cut(run.branch, BRANCH_SHOWN)} @ {commit}"
    return cut(run.branch or commit, BRANCH_SHOWN)
