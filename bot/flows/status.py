"""Showing a run's status to one person.

A channel's or person's active runs are in `bot.flows.active_runs`, and a schedule's latest run in
`bot.flows.read_schedules`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.core.model.errors import BoltError, BoltRejected
from bot.core.model.run import Run, RunFacts, RunKey, is_final, observe, run_url
from bot.core.runs.progress import numbered
from bot.core.text.message import Button, Buttons, Message, Paragraph
from bot.core.text.text import Code, Sentence, Span, cut, duration, plural
from bot.core.views.buttons import OPEN_RUN, follow_button
from bot.core.views.card import run_card
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Runs

COMMANDS_SHOWN = 15
COMMAND_SHOWN = 120


class StatusReader:
    """Answers `status <run id>` with the run's current state in Bolt."""

    def __init__(self, bolt: Bolt, runs: Runs, *, app_url: str, mask: Callable[[str], str]) -> None:
        self._bolt = bolt
        self._runs = runs
        self._app_url = app_url
        self._mask = mask

    async def run_status(self, key: RunKey, facts: RunFacts | None = None, *, channel: str = "") -> Message:
        """Show a run's state and commands, or why Bolt doesn't return them. `facts` are the facts known from a listing.

        An active run without a card in the channel can be followed there. `channel` is where the answer is read, or ""
        if that isn't in a channel.
        """
        known = await self._runs.load_run(key)
        try:
            status = await self._bolt.status(key.id)
        except BoltRejected:
            return Message((f"There's no run {key.id} in Bolt. Check the number.",))
        except BoltError as error:
            return Message((f"{error.sentence} Try again in a minute.",))
        run = replace(known or Run(key, facts=facts or RunFacts()), seen=observe(status, self._mask))
        card = run_card(run.seen_in(channel), self._app_url, has_thread=False)
        open_run = Button(OPEN_RUN, "Open in Bolt", url=run_url(self._app_url, run.id))
        row: tuple[Button, ...] = (open_run,)
        if channel and not is_final(run.seen.state) and await self._runs.card_in(key, channel) is None:
            row = (follow_button(run), open_run)
        body = [block for block in card.blocks if not isinstance(block, Buttons)]
        return Message(card.text, (*body, Paragraph(commands(run)), Buttons(row)))


def commands(run: Run) -> Sentence:
    """List the commands that have begun, one per line: number as on the card, text, state and duration."""
    listed = numbered(run)
    if not listed:
        return ("No command has started yet.",)
    spans: list[Span] = []
    if len(listed) > COMMANDS_SHOWN:
        spans.append(f"{plural(len(listed) - COMMANDS_SHOWN, 'earlier command')} left out\n")
    first = max(0, len(listed) - COMMANDS_SHOWN)
    for at, (which, command) in enumerate(listed[first:]):
        if command.return_code is None:
            stands = "running"
        else:
            stands = "ok" if command.return_code == 0 else f"exit code {command.return_code}"
        if command.started_at and command.ended_at:
            stands += f", {duration((command.ended_at - command.started_at).total_seconds())}"
        number = f"{which}. " if which is not None else "Bolt's own: "
        spans += ["\n" if at else "", number, Code(cut(command.text, COMMAND_SHOWN)), f" {stands}"]
    return tuple(spans)
