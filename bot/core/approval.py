"""A start that somebody has to approve: what its card asks, and what is told of it."""

from __future__ import annotations

from datetime import timedelta

from bot.core import buttons
from bot.core.command import RunCommand
from bot.core.message import Block, Button, Buttons, Confirm, Facts, Message, Paragraph, Preformatted
from bot.core.request import Look, Request
from bot.core.run import run_url
from bot.core.text import Bold, Emoji, Group, Link, Mention, Sentence, Span, When, cut, duration

REASON_SHOWN = 300
# More than this does not fit on a card beside the rest, and what is not seen in full is not approved.
COMMANDS_MOST = 6000
BOX_MOST = 2900


def pending_card(request: Request, app_url: str) -> Message:
    """Who asks for what and why, with everything that is other than usual in full."""
    first = (Emoji("closed_lock_with_key"), " ", *pending(request))
    asked = _asked(request, app_url)
    blocks: list[Block] = [Paragraph(first), Facts(asked)]
    commands = given_commands(request)
    if commands:
        blocks.append(Facts(("With these commands instead of its own:",)))
        blocks += [Preformatted(box) for box in _boxes(commands)]
    blocks.append(Buttons((_approve(request), _deny(request))))
    return Message((*first, ". ", *asked), tuple(blocks))


def pending(request: Request) -> Sentence:
    """That it waits, for whom and until when."""
    spans: list[Span] = [Bold(request.title), " waits for approval"]
    if request.approval:
        spans += [" by ", Group(request.approval.group, request.approval.by)]
        if request.pending_at:
            spans += [", until ", When(request.pending_at + timedelta(seconds=request.approval.within_s))]
        else:
            spans.append(f", for {duration(request.approval.within_s)}")
    return tuple(spans)


def given_commands(request: Request) -> tuple[str, ...]:
    """The commands that run instead of the schedule's own. A retry has those of its run."""
    if isinstance(request.wanted, RunCommand):
        return request.wanted.commands
    return request.look.commands if request.look and request.look.overridden else ()


def too_long(look: Look, commands: tuple[str, ...]) -> str | None:
    """Why a start cannot be approved: what it runs would not be seen."""
    if sum(len(command) + 1 for command in commands) <= COMMANDS_MOST:
        return None
    name = look.name or look.slug
    return f"{name} needs approval, and its commands are too long to be shown in full. Nothing was started; use fewer."


def changed(before: Look | None, now: Look) -> bool:
    """Whether what would be started is not what was approved."""
    if before is None:
        return True
    return (before.slug, before.commands, before.branch, before.parent_run) != (
        now.slug,
        now.commands,
        now.branch,
        now.parent_run,
    )


def not_approved(request: Request) -> str:
    """Why a start was not approved in its time."""
    by = request.approval.by if request.approval else "those who may"
    within = duration(request.approval.within_s) if request.approval else "its time"
    return f"Nobody of {by} approved it within {within}; ask again if you still want it."


def _boxes(commands: tuple[str, ...]) -> list[str]:
    """The commands line by line, in as many boxes as none is cut in."""
    boxes = [""]
    for command in commands:
        if boxes[-1] and len(boxes[-1]) + len(command) >= BOX_MOST:
            boxes.append("")
        boxes[-1] += f"\n{command}" if boxes[-1] else command
    return boxes


def _asked(request: Request, app_url: str) -> Sentence:
    spans: list[Span] = ["Asked by ", Mention(request.user), " at ", When(request.asked_at)]
    wanted = request.wanted
    if isinstance(wanted, RunCommand):
        spans += [f" · branch {cut(wanted.branch, 80)}"] if wanted.branch else []
        spans += [f" · pull request {wanted.pull_request}"] if wanted.pull_request else []
        spans += [" · goes on when a command fails"] if wanted.continue_on_error else []
        spans += [f" · because: {cut(wanted.reason, REASON_SHOWN)}"] if wanted.reason else []
    elif request.look and request.look.parent_run:
        parent = request.look.parent_run
        what = "all" if wanted.every else "what failed"
        spans += [f" · runs {what} again of ", Link(run_url(app_url, parent), f"run {parent}")]
    if request.approval:
        spans.append(f" · rule “{cut(request.approval.rule, 80)}”")
    return tuple(spans)


def _approve(request: Request) -> Button:
    text: Sentence = ("Start ", Bold(request.title), " as ", Mention(request.user), " asked for it?")
    return Button(
        buttons.APPROVE_START,
        "Approve",
        value=buttons.request_value(request.id),
        style="primary",
        confirm=Confirm("Approve this start?", text, "Approve", "Not now"),
        spoken=cut(f"Approve the start of {request.title}", 75),
    )


def _deny(request: Request) -> Button:
    value, spoken = buttons.request_value(request.id), cut(f"Deny the start of {request.title}", 75)
    return Button(buttons.DENY_START, "Deny", value=value, spoken=spoken)
