"""The line in an incident's message about its retry.

`bot.flows.handle_incident` decides whether a click retries anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.model.incident import Incident, RetryOfIncident
from bot.core.model.request import Request, RequestState
from bot.core.model.run import is_failed, is_final, run_url
from bot.core.model.state_labels import state_word
from bot.core.text.email_addresses import without_addresses
from bot.core.text.text import Emoji, Link, Sentence, cut
from bot.core.text.user_ids import is_user

PERSON_SHOWN = 80
UNCLEAR = "it's unclear whether it started"


def retry_line(incident: Incident, start: Request | None, app_url: str, names: Mapping[str, str]) -> Sentence:
    """Say who is retrying an incident and how far along that is.

    Returns an empty sentence if nobody is retrying it, or if the message says so elsewhere.

    `start` is the retry that was last asked for from this message, or None if it has become a run.
    """
    retry = incident.retry
    if retry is not None and not is_final(retry.state):
        return (Emoji("repeat"), " Being retried as ", _run(retry, app_url), *_by(retry.by, names))
    if start is not None and (said := _start(start)):
        by = names.get(start.user, "") or start.user_name
        return (Emoji("repeat"), " Retry", *((f" by {cut(by, PERSON_SHOWN)}",) if by else ()), f": {said}")
    if retry is None or is_failed(retry.state) or (incident.latest is not None and incident.latest.run >= retry.run):
        return ()
    return (Emoji("repeat"), " Retry", *_by(retry.by, names), ": ", _run(retry, app_url), f" {state_word(retry.state)}")


def _start(start: Request) -> str:
    match start.state:
        case RequestState.PENDING:
            return f"waiting for approval from {start.approval.by}" if start.approval else "waiting for approval"
        case RequestState.QUEUED:
            return f"queued until run {start.behind} ends" if start.behind else "queued"
        case RequestState.LOOKING:
            return "Bolt didn't answer, so I'm checking whether it started"
        case RequestState.UNCLEAR:
            return UNCLEAR
        case RequestState.REFUSED:
            return "not started"
        case RequestState.CLOSED:
            return "not started" if start.why else UNCLEAR
        case RequestState.SETTLED | RequestState.OTHER:
            return ""
        case _:
            return "starting"


def _by(word: str, names: Mapping[str, str]) -> Sentence:
    """The name of the person who started the retry: email addresses aren't posted."""
    name = names.get(word, "" if is_user(word) else without_addresses(word))
    return (f" by {cut(name, PERSON_SHOWN)}",) if name else ()


def _run(retry: RetryOfIncident, app_url: str) -> Link:
    return Link(run_url(app_url, retry.run), f"run {retry.run}")
