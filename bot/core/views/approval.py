"""Starts that need approval: their card, and the sentences about them.

`bot.flows.approve` decides who may approve, and the policy decides whether a start needs approval
(`bot.core.policy.decision`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.model.command import RunCommand
from bot.core.model.request import Request, StartPlan
from bot.core.model.run import run_url
from bot.core.text.message import LABEL_MOST, Block, Button, Buttons, Confirm, Facts, Message, Paragraph, Preformatted
from bot.core.text.text import Bold, Emoji, Group, Link, Mention, Sentence, Span, When, cut, duration
from bot.core.views import buttons

REASON_SHOWN = 300
# Longer commands don't fit on a card with the rest, and commands that aren't shown in full can't be approved.
COMMANDS_MOST = 6000
BOX_MOST = 2900


def pending_card(request: Request, app_url: str) -> Message:
    """The card that asks for approval: who asked for what and why, and everything unusual in full."""
    first = (Emoji("closed_lock_with_key"), " ", *pending(request))
    facts = _facts(request, app_url)
    blocks: list[Block] = [Paragraph(first), Facts(facts)]
    commands = given_commands(request)
    if commands:
        blocks.append(Facts(("With these commands instead of the schedule's own:",)))
        blocks += [Preformatted(box) for box in _boxes(commands)]
    blocks.append(Buttons((_approve(request), _deny(request))))
    return Message((*first, ". ", *facts), tuple(blocks))


def pending(request: Request) -> Sentence:
    """Say that a start is waiting for approval, which group can give it, and until when."""
    spans: list[Span] = [Bold(request.title), " is waiting for approval"]
    if request.approval:
        spans += [" by ", Group(request.approval.group, request.approval.by)]
        if request.pending_at:
            spans += [", until ", When(request.pending_at + timedelta(seconds=request.approval.within_s))]
        else:
            spans.append(f", for up to {duration(request.approval.within_s)}")
    return tuple(spans)


def given_commands(request: Request) -> tuple[str, ...]:
    """The commands that run instead of the schedule's own. A retry has the commands of the run that it retries."""
    if isinstance(request.start_command, RunCommand):
        return request.start_command.commands
    return request.plan.commands if request.plan and request.plan.overridden else ()


def too_long(commands: tuple[str, ...]) -> str | None:
    """The reason why a start can't be approved: its commands are too long to show. None if they fit."""
    fits = (
        sum(len(command) + 1 for command in commands) <= COMMANDS_MOST and max(map(len, commands), default=0) < BOX_MOST
    )
    return (
        None
        if fits
        else "It needs approval, but its commands are too long to show in full. Use fewer or shorter commands."
    )


def changed(before: StartPlan | None, now: StartPlan) -> bool:
    """Whether the start is no longer the one that was approved."""
    if before is None:
        return True
    moved = replace(before, channel_name=now.channel_name, private=now.private)
    return replace(moved, mark=now.mark, usual_s=now.usual_s) != now


def not_approved(request: Request) -> str:
    """Explain that a start wasn't approved in time."""
    approval = request.approval
    when = (
        f"Nobody in {approval.by} approved it within {duration(approval.within_s)}"
        if approval
        else "Nobody approved it in time"
    )
    return f"{when}. Start it again if you still want it."


def _boxes(commands: tuple[str, ...]) -> list[str]:
    """Split commands, one per line, into boxes without cutting any command."""
    boxes = [""]
    for command in commands:
        if boxes[-1] and len(boxes[-1]) + len(command) >= BOX_MOST:
            boxes.append("")
        boxes[-1] += f"\n{command}" if boxes[-1] else command
    return boxes


def _facts(request: Request, app_url: str) -> Sentence:
    spans: list[Span] = ["Requested by ", Mention(request.user), " at ", When(request.asked_at)]
    start_command, plan = request.start_command, request.plan
    branch, number = None, None
    if isinstance(start_command, RunCommand):
        branch, number, goes_on = start_command.branch, start_command.pull_request, start_command.continue_on_error
    elif plan and plan.parent_run:
        what = "all of" if start_command.every else "what failed in"
        spans += [f" · reruns {what} ", Link(run_url(app_url, plan.parent_run), f"run {plan.parent_run}")]
        branch, number, goes_on = plan.branch, plan.pull_request, plan.continue_on_error
    else:
        goes_on = False
    spans += [f" · branch {branch}"] if branch else []
    spans += [f" · pull request {number}"] if number else []
    spans += [" · continues when a command fails"] if goes_on else []
    if isinstance(start_command, RunCommand) and start_command.reason:
        spans.append(f" · reason: {cut(start_command.reason, REASON_SHOWN)}")
    if request.approval:
        spans.append(f" · rule “{cut(request.approval.rule, 80)}”")
    return tuple(spans)


def _approve(request: Request) -> Button:
    # Confirmation dialogs show plain text, in which a mention would appear as an id.
    how = f"@{request.user_name} asked" if request.user_name else "shown on this card"
    text: Sentence = ("Start ", Bold(request.title), f" as {how}?")
    return Button(
        buttons.APPROVE_START,
        "Approve",
        value=buttons.request_value(request.id),
        style="primary",
        confirm=Confirm("Approve this start?", text, "Approve", "Not now"),
        spoken=cut(f"Approve the start of {request.title}", LABEL_MOST),
    )


def _deny(request: Request) -> Button:
    value, spoken = buttons.request_value(request.id), cut(f"Deny the start of {request.title}", LABEL_MOST)
    return Button(buttons.DENY_START, "Deny", value=value, spoken=spoken)
