"""*Run again* on the card of a succeeded, cancelled or skipped run.

The button starts the same schedule again, with the same branch, pull request and commands.

`bot.core.views.card` decides which cards have the button.
"""

from __future__ import annotations

import asyncio

from slack_bolt.async_app import AsyncApp

from bot.core.model.command import RunCommand
from bot.core.model.errors import StoreUnavailable
from bot.core.model.run import Run, RunFacts, RunKey
from bot.core.runs.progress import commands_known
from bot.core.text.message import Message
from bot.core.views.buttons import RUN_AGAIN, RunButton
from bot.slack.actions.reply import Click, reply_to_click, run_of_click
from bot.slack.commands import run
from bot.slack.listener_context import Call, ListenerContext

LOAD_S = 0.5


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the button."""
    reply_to_click(app, context, RUN_AGAIN, _again)


async def _again(context: ListenerContext, call: Call, click: Click) -> Message | None:
    """Record the start before the acknowledgement, from the run's record, or else from the button's value."""
    elsewhere = "This card belongs to another Bolt workspace. Start the run in Bolt. Nothing was started."
    button = run_of_click(context, click, elsewhere)
    known = await _known(context, button.key)
    facts = _facts(known, button)
    if facts is None:
        return Message((f"I no longer know how run {button.key.id} was started. Type {context.prefix} run instead.",))
    return await run.handle(context, call, _command(facts, facts.branch or button.facts.branch))


async def _known(context: ListenerContext, key: RunKey) -> Run | None:
    try:
        async with asyncio.timeout(LOAD_S):
            return await context.runs.load_run(key)
    except (StoreUnavailable, TimeoutError):
        return None


def _facts(known: Run | None, button: RunButton) -> RunFacts | None:
    """Return how the run was started, or None if that isn't known: older cards have the button even then."""
    if known is not None and known.facts.slug:
        return known.facts if commands_known(known) else None
    told = Run(button.key, facts=button.facts)
    return told.facts if button.whole and told.facts.slug and commands_known(told) else None


def _command(facts: RunFacts, branch: str | None) -> RunCommand:
    return RunCommand(
        schedule_text=facts.slug,
        branch=branch,
        pull_request=facts.pull_request,
        commands=facts.commands if facts.overridden else (),
        continue_on_error=facts.continue_on_error,
    )
