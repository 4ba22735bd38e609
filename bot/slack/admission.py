"""Decide which requests from people are handled: a flood is answered once and then dropped, and replays are ignored.

The limits are in `bot.core.model.admission`, and the script `admit_request.lua` counts.

Commands, messages to the bot, clicks, shortcuts and submitted forms count once each, however often they're delivered.
Typing in a menu and opening the Home tab don't count: they're sent automatically and change nothing.

**When a copy is a replay.** Slack delivers commands and clicks once. A second copy comes from someone who recorded the
first, or from a proxy that sends a request again because the process that handled it died. A copy from a proxy must
be handled: if it were acknowledged and dropped, a start would be lost silently. So a delivery is marked as done only
after it was handled and acknowledged, and only deliveries that are done are dropped. Copies that arrive at the same
time, or after a process crashed before it set the mark, are all handled. The actions that they trigger are idempotent:
a start is identified by its request's id, a cancellation by its stored request, and a follow request, a live log, a
file and a picture by their records. The mark is kept for as long as Slack's signature stays valid.

Three kinds of requests are protected better elsewhere and get no mark here. A message is marked by
`events.user_message`, which refuses a copy while another one is being handled, so that Slack delivers it again later. A
form that is submitted again after an error is still the same view, so a start is identified by the view and its input.
A delivery dropped because of a flood is marked at once: nothing was done, and the person was notified.

If Redis is unavailable, everything is admitted: the triggered work needs Redis too, and reports the outage.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from prometheus_client import Counter
from slack_bolt.async_app import AsyncBoltContext
from slack_bolt.response import BoltResponse

from bot.core.model.admission import Admitted
from bot.core.model.asker import Asker
from bot.core.model.errors import StoreUnavailable
from bot.core.text.message import Message
from bot.flows.ports.store import Admissions
from bot.slack.events.user_message import read_message
from bot.slack.identity import Identity
from bot.slack.listener_app import WHEN_ACKNOWLEDGED, Middleware, Tell, answer_request
from bot.slack.listener_context import Later, click_asker, click_message
from bot.slack.payload_shapes import record_in, text_in

log = structlog.get_logger()

ASKED = Counter(
    "bolt_bot_asked",
    "People's requests by outcome: ok, flood (refused with a reply), flooded and replay (both dropped), unchecked.",
    ("outcome",),
)
FLOOD = "You're sending commands too quickly, so nothing was done. Try again in 10 s."
# Added to the time for recording a start, this has to stay under the 3 s that Slack waits.
ADMIT_S = 0.15

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """A request by a person. `delivery` is the same for each copy, and empty if copies aren't detected.

    `marked`: admission marks the request as done.
    """

    asker: Asker
    delivery: str = ""
    marked: bool = True


def admission_middleware(
    admissions: Admissions, me: Identity, tell: Tell, later: Later, *, within_s: float = ADMIT_S
) -> Middleware:
    """Return the middleware that admits a request or answers it, before any listener runs.

    If Redis doesn't decide within `within_s` seconds, the request is admitted.
    """

    async def middleware(
        body: Json, context: AsyncBoltContext, next_: Callable[[], Awaitable[Any]]
    ) -> BoltResponse | None:
        asking = read_person_request(body, me)
        outcome = await _admit(admissions, asking, within_s) if asking else None
        match outcome:
            case Admitted.REPLAY:
                log.info("a delivery that was already handled arrived again", kind=_kind(body))
                return BoltResponse(status=200, body="")
            case Admitted.FLOOD | Admitted.FLOODED if asking:
                return _refused(body, asking, tell, is_told=outcome is Admitted.FLOODED)
            case Admitted.OK if asking and asking.marked and asking.delivery:
                context[WHEN_ACKNOWLEDGED] = partial(_done, admissions, asking, later)
        await next_()
        return None

    return middleware


async def _admit(admissions: Admissions, asking: PersonRequest, within_s: float) -> Admitted | None:
    """Admit a request. Returns None if Redis doesn't answer in time."""
    try:
        async with asyncio.timeout(within_s):
            outcome = await admissions.admit(asking.asker.user, asking.asker.channel, asking.delivery)
    except (StoreUnavailable, TimeoutError):
        ASKED.labels("unchecked").inc()
        return None
    ASKED.labels(outcome).inc()
    return outcome


def _done(admissions: Admissions, asking: PersonRequest, later: Later) -> None:
    later(_mark(admissions, asking.delivery), asking.asker)


async def _mark(admissions: Admissions, delivery: str) -> None:
    with contextlib.suppress(StoreUnavailable):
        await admissions.done(delivery)


def _refused(body: Json, asking: PersonRequest, tell: Tell, *, is_told: bool) -> BoltResponse:
    if not is_told:
        log.warning("too many commands at once", user=asking.asker.user, channel=asking.asker.channel)
    if body.get("type") == "view_submission":
        # An empty acknowledgement would close the form, and lose its input.
        return answer_request(body, FLOOD, tell)
    if is_told:
        return BoltResponse(status=200, body="")
    if body.get("type") == "event_callback":
        tell(asking.asker, Message((FLOOD,)))
        return BoltResponse(status=200, body="")
    return answer_request(body, FLOOD, tell)


def _kind(body: Json) -> str:
    return text_in(body, "type") or "command"


def read_person_request(body: Json, me: Identity) -> PersonRequest | None:
    """Read who asks for what. Returns None if the request doesn't count for anyone."""
    match body.get("type"):
        case "block_actions":
            return _clicked(body)
        case "message_action" | "shortcut":
            asker, trigger = click_asker(body), text_in(body, "trigger_id")
            return PersonRequest(asker, f"shortcut:{trigger}" if trigger else "")
        case "view_submission":
            return PersonRequest(click_asker(body))
        case "event_callback":
            event = record_in(body, "event")
            heard = event.get("type") == "app_mention" or event.get("channel_type") == "im"
            message = read_message(body, event, me) if heard else None
            return PersonRequest(message.asker, message.delivery, marked=False) if message else None
        case _ if "command" in body:
            return _typed(body)
        case _:
            return None


def _typed(body: Json) -> PersonRequest | None:
    user, trigger = text_in(body, "user_id"), text_in(body, "trigger_id")
    asker = Asker(text_in(body, "team_id"), user, text_in(body, "channel_id"), text_in(body, "response_url"))
    return PersonRequest(asker, f"command:{trigger}" if trigger else "") if user else None


def _clicked(body: Json) -> PersonRequest:
    """Build a request from a click. Each click has its own time; Slack sends it separately from the message or view."""
    asker, action = click_asker(body), body["actions"][0]
    at = text_in(action, "action_ts")
    container = click_message(body) or text_in(record_in(body, "view"), "id")
    return PersonRequest(asker, f"click:{asker.user}:{container}:{text_in(action, 'action_id')}:{at}" if at else "")
