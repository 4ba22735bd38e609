"""The doctor's checks of the Bolt API. The checks only read: nothing is started in Bolt."""

from __future__ import annotations

import re
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.fixes import network_fix
from bot.cli.doctor.subject import Check, Subject
from bot.core.model.errors import (
    BoltDenied,
    BoltError,
    BoltInvalidQuery,
    BoltNotSent,
    BoltOutcomeUnknown,
    BoltRejected,
    BoltThrottled,
)
from bot.core.text.text import plural
from bot.network_failure import through
from bot.paradime.classify_response import EXPIRED
from bot.paradime.client import ClientLimits
from bot.paradime.credentials import COMPANY_PREFIX
from bot.paradime.retrying import RetryLimits
from bot.settings import Settings

CONNECTION, KEY, WORKSPACE = "Bolt connection", "Bolt API key", "Bolt workspace"
# Each check makes one request, which has to end within the check's time limit.
LIMITS = ClientLimits(timeout_s=8, retry=RetryLimits(attempts=1))
COPY = "Copy PARADIME_API_ENDPOINT again from the page in Paradime where the API key was created: https://…/graphql."
KEY_FIX = "Copy PARADIME_API_KEY and PARADIME_API_SECRET again, or make a new key in Paradime."
NAMED = re.compile(r"/api/v\d+/([^/]+)/graphql/?$")
EXAMPLES = 3


async def _connection(subject: Subject) -> list[Finding]:
    endpoint, began = subject.settings.paradime_api_endpoint, time.perf_counter()
    try:
        await subject.bolt.check()
    except BoltError as error:
        return [_failure(subject.settings, error)]
    subject.bolt_answers = True
    taken_ms = (time.perf_counter() - began) * 1000
    if not _is_encrypted(endpoint):
        said = f"{through(endpoint)} answers, but over http://, so anyone on the network path can read the API key."
        return [warning(CONNECTION, said, "Use https:// in PARADIME_API_ENDPOINT.")]
    return [ok(CONNECTION, f"{through(endpoint)} answers in {taken_ms:.0f} ms.")]


def _failure(settings: Settings, error: BoltError) -> Finding:
    where = error.where or through(settings.paradime_api_endpoint)
    match error:
        case BoltDenied():
            return _denied(settings, f"{where} refuses requests: {error.cause}.", error.cause)
        case BoltNotSent():
            fix = network_fix(error.cause, where, "PARADIME_API_ENDPOINT")
            return problem(CONNECTION, f"{where} can't be reached: {error.cause}.", fix)
        case BoltOutcomeUnknown(cause=cause):
            return _useless(where, cause or "its response can't be read")
        case BoltThrottled():
            said = f"{where} is busy and asks the bot to wait {error.retry_after_s:.0f} s, so nothing else about it was checked."
            return warning(
                CONNECTION,
                said,
                "Run this again later. If another program uses the same key, give that program its own key.",
            )
        case BoltInvalidQuery():
            said = f"{where} speaks GraphQL, but it isn't the Bolt API: {error.sentence.rstrip('.')}."
            return problem(CONNECTION, said, COPY)
        case BoltRejected():
            return _rejected(settings, where, error.sentence.rstrip("."))
        case _:
            return problem(CONNECTION, f"{where}: {error.sentence}", COPY)


def _denied(settings: Settings, said: str, cause: str) -> Finding:
    if cause == EXPIRED:
        fix = "Create a new API key in Paradime, and put it in PARADIME_API_KEY and PARADIME_API_SECRET."
    elif settings.paradime_api_secret.get_secret_value().startswith(COMPANY_PREFIX):
        fix = f"{KEY_FIX} If they're right, PARADIME_WORKSPACE_UID belongs to a workspace that the key can't use."
    else:
        fix = f"{KEY_FIX} It has to be a key for the workspace that PARADIME_API_ENDPOINT names."
    return problem(KEY, said, fix)


def _useless(where: str, cause: str) -> Finding:
    said = f"{where} doesn't respond like the Bolt API: {cause}."
    if cause.startswith("HTTP status"):
        return problem(CONNECTION, said, "Wait a few minutes, then run the doctor again. If that doesn't help: " + COPY)
    if "GraphQL" in cause or "response" in cause:
        return problem(CONNECTION, said, COPY)
    return problem(CONNECTION, said, network_fix(cause, where, "PARADIME_API_ENDPOINT"))


def _rejected(settings: Settings, where: str, reason: str) -> Finding:
    if "HTTP status 400" in reason and not settings.paradime_api_endpoint.startswith("https"):
        return problem(CONNECTION, f"{where}: {reason}.", "Use https:// in PARADIME_API_ENDPOINT.")
    if "HTTP status 3" in reason:
        return problem(CONNECTION, f"{where} redirects elsewhere: {reason}.", COPY)
    if "HTTP status" in reason:
        return problem(CONNECTION, f"{where} has no Bolt API at that path: {reason}.", COPY)
    return problem(
        WORKSPACE, f"{where} refuses requests: {reason}.", f"{COPY} Check PARADIME_WORKSPACE_UID, if it's set."
    )


def _is_encrypted(endpoint: str) -> bool:
    """Whether others can't read the traffic, because it's sent over TLS or stays on this machine."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    try:
        return parts.scheme == "https" or host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


async def _workspace(subject: Subject) -> list[Finding]:
    if not subject.bolt_answers:
        said = "The workspace and the API key's permissions were not checked."
        return [warning(WORKSPACE, said, "Make Bolt reachable first.")]
    settings = subject.settings
    try:
        schedules = await subject.bolt.schedules()
    except BoltError as error:
        return [_failure(settings, error)]
    name, uid = _name_in(settings.paradime_api_endpoint), settings.paradime_workspace_uid
    if uid and name and uid != name:
        said = f"PARADIME_WORKSPACE_UID is {uid}, but PARADIME_API_ENDPOINT is for {name}. Which of the two is in use was not checked."
        return [warning(WORKSPACE, said, "Correct one of them, unless they're two names for the same workspace.")]
    if not schedules:
        said = f"The workspace {settings.workspace} has no active schedules, so there's nothing to start."
        return [
            warning(WORKSPACE, said, f"If this is the right workspace, create a schedule in Bolt. If it isn't: {COPY}")
        ]
    shown = ", ".join(one.name for one in schedules[:EXAMPLES])
    more = ", …" if len(schedules) > EXAMPLES else ""
    return [ok(WORKSPACE, f"{settings.workspace}, with {plural(len(schedules), 'active schedule')}: {shown}{more}.")]


def _name_in(endpoint: str) -> str:
    """Return the workspace's name in an endpoint's path, or an empty string if the path isn't one of Paradime's."""
    found = NAMED.search(urlsplit(endpoint).path)
    return found[1] if found else ""


async def _rights(subject: Subject) -> list[Finding]:
    if not subject.bolt_answers:
        return []
    said = "It can read. Whether it can start and cancel runs was not checked, because only starting a run would show that."
    fix = 'Check in Paradime whether the key has the "Bolt schedules admin" capability, and when the key expires.'
    return [warning(KEY, said, fix)]


CHECKS = (Check(CONNECTION, _connection), Check(WORKSPACE, _workspace), Check(KEY, _rights))
