"""Reading a run back from the buttons of one of the bot's messages, in case Redis has lost its record.

Only the bot writes these buttons, but they're trusted only to name a run.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.commands.grammar import parse
from bot.core.commands.tokens import RUN_LINK
from bot.core.model.errors import BadCommand
from bot.core.model.run import RunFacts, RunKey
from bot.core.model.sent_message import MessageButton
from bot.core.views.buttons import BOLT_ID_LIMIT, COMMAND, RUN_VALUES, RunButton, read_command_value, read_run_value


def run_from_buttons(buttons: Iterable[MessageButton], workspace: str, app_url: str) -> RunButton | None:
    """Find the run that a message's buttons name, with its facts. Returns None if they name no run, or several."""
    found: dict[RunKey, RunButton] = {}
    for button in buttons:
        named = _named(button, workspace, app_url)
        if named is not None and (named.key not in found or named.facts != RunFacts()):
            found[named.key] = named
    return next(iter(found.values())) if len(found) == 1 else None


def _named(button: MessageButton, workspace: str, app_url: str) -> RunButton | None:
    if button.action in RUN_VALUES:
        try:
            return read_run_value(button.value)
        except BadCommand:
            return None
    run_id = _of_command(button) or _of_address(button, app_url)
    return RunButton(RunKey(workspace, run_id), RunFacts()) if run_id else None


def _of_command(button: MessageButton) -> int | None:
    if not button.action.startswith(f"{COMMAND}."):
        return None
    try:
        run_id = getattr(parse(read_command_value(button.value)), "run_id", None)
    except BadCommand:
        return None
    return run_id if isinstance(run_id, int) else None


def _of_address(button: MessageButton, app_url: str) -> int | None:
    found = RUN_LINK.match(button.url) if button.url.startswith(app_url) else None
    run_id = int(found[1]) if found and len(found[1]) <= len(str(BOLT_ID_LIMIT)) else 0
    return run_id if 0 < run_id < BOLT_ID_LIMIT else None
