"""Sentences for when Redis can't be used: the cause, whether anything was done, and the next step.

`bot.service_outage` decides when Redis counts as unavailable.
"""

from __future__ import annotations

from bot.core.model.errors import StoreFault, StoreRefused, StoreUnavailable


def database(error: StoreUnavailable | TimeoutError | None = None) -> str:
    """Explain what's wrong with Redis in one sentence. A call that took too long counts as unanswered."""
    return error.sentence if isinstance(error, StoreUnavailable) else StoreUnavailable().sentence


def cause(error: StoreUnavailable | TimeoutError) -> str:
    """The cause for the operator's log: the host, and Redis' own reason if it gave one."""
    return error.detail if isinstance(error, StoreUnavailable) else "it took too long"


def unrecorded(error: StoreUnavailable | TimeoutError, *, nothing: str, otherwise: str) -> str:
    """Explain why something couldn't be recorded.

    `nothing`: a sentence that says what didn't happen, for when Redis refused the change. `otherwise`: advice for when
    Redis didn't answer and the outcome is unknown.
    """
    if isinstance(error, StoreRefused):
        reason = error.sentence[0].lower() + error.sentence[1:].rstrip(".")
        return f"I couldn't record this: {reason}. {nothing} Tell whoever runs this bot."
    if isinstance(error, StoreFault):
        return f"Something unexpected happened while I was recording this (reference {error.reference}). {otherwise}"
    if isinstance(error, StoreUnavailable):
        return f"I couldn't record this because I can't reach my database (Redis). {otherwise}"
    return f"I couldn't record this in time. {otherwise}"


def unchecked(error: Exception) -> str:
    """Explain why a permission couldn't be checked. Nothing was done in that case."""
    if isinstance(error, StoreRefused | StoreFault):
        return f"{error.sentence} Nothing was done. Tell whoever runs this bot."
    if isinstance(error, StoreUnavailable):
        return "I can't reach my database (Redis), so nothing was done. Try again in a minute."
    return "I couldn't check in time whether you're allowed to do that, so nothing was done. Try again in a minute."
