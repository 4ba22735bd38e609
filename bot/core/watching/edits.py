"""When an incident's message is edited: at once, or only at certain numbers if just a count has changed.

`bot.flows.edit_cards` edits it, and `bot.store.lanes` limits how many edits are sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from bot.core.model.incident import Incident

# If just a count has changed, it's shown at these numbers, and at ten, a hundred, a thousand … times them.
_STEPS = (1, 2, 5)
_FIRST_STEPS = (2, 3, 5)

Edit = Literal["now", "count", "none"]


def edit_for(before: Incident | None, after: Incident) -> Edit:
    """How urgently the message has to be edited after a change."""
    if before is None or _without_counts(before) != _without_counts(after):
        return "now"
    if before == after:
        return "none"
    counted = before.failures + before.retries, after.failures + after.retries
    return "count" if any(is_step(number) for number in range(counted[0] + 1, counted[1] + 1)) else "none"


def is_step(count: int) -> bool:
    """Whether a count is worth an edit: 2, 3, 5, 10, 20, 50, 100 and so on."""
    if count < 10:
        return count in _FIRST_STEPS
    while count % 10 == 0:
        count //= 10
    return count in _STEPS


def _without_counts(incident: Incident) -> Incident:
    """An incident without the counts, whose edits can wait. Posts are sent to Slack on their own."""
    return replace(
        incident,
        failures=0,
        retries=0,
        latest=None,
        failed=None,
        lines=(),
        command="",
        summary=None,
        cause=None,
        posts=(),
        mentioned_at=None,
        recent=(),
        runs=0,
        errors_more=0,
        watch=0,
        held=(),
        withheld=None,
        uneditable_since=None,
    )
