"""One door for whatever a person asks for: a flood is answered once and dropped, and what was dealt with is not dealt with twice.

Commands, messages to the bot, clicks, shortcuts and submitted forms count, each once however often it is delivered. What is typed
into a menu, and an opened Home tab, do not: they come by themselves, and change nothing.

**When a copy is a replay.** Slack delivers commands and clicks once. A second copy is somebody's who has recorded the first, or
a proxy's that sends a request anew because the process behind it has died. The latter must be dealt with: acknowledged and dropped, a
start would be lost without a word. So a delivery is marked as done only after it was dealt with and acknowledged, and only what is
done is dropped. Of copies at the same time, or after a crash before the mark, each is dealt with; what they set off knows them
by itself: a start by its request's id, a cancellation by its wish, a watch, a followed log, a file and a picture by their records.
The mark is kept as long as a signature of Slack's may be old.

Three have a better protection of their own and get no mark here. A message is marked by `events.user_message`, whose answer makes Slack
deliver it again as long as it is not done. A form that was submitted may be submitted again, after an error, and is the same view
then: what it starts is known by the view and what stood in it. What a flood drops is marked at once: nothing was done, and that
was told.

With Redis away everything is let in: what it sets off needs Redis, too, and says so.
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
    "What people asked for, by what became of it (ok, flood: refused and told, flooded: dropped, replay: dropped, unchecked).",
    ("outcome",),
)
FLOOD = "You're sending commands too quickly, so nothing was done. Try again in 10 s."
# Beside what recording a start may take, under the 3 s that Slack waits.
ADMIT_S = 0.15

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """Who asks for something. `delivery` is the same for each copy of it, and empty where no copy is to be known.

    `marked`: it is marked here as done.
    """

    asker: Asker
    delivery: str = ""
    marked: bool = True


def admission_middleware(admissions: Admissions, me: Identity, tell: Tell, later: Later) -> Middleware:
    """What stands before every listener: it lets a request through, or answers it."""

    async def middleware(
        body: Json, context: AsyncBoltContext, next_: Callable[[], Awaitable[Any]]
    ) -> BoltResponse | None:
        asking = read_person_request(body, me)
        outcome = await _admit(admissions, asking) if asking else None
        match outcome:
            case Admitted.REPLAY:
                log.info("a delivery that was already handled came again", kind=_kind(body))
                return BoltResponse(status=200, body="")
            case Admitted.FLOOD | Admitted.FLOODED if asking:
                return _refused(body, asking, tell, is_told=outcome is Admitted.FLOODED)
            case Admitted.OK if asking and asking.marked and asking.delivery:
                context[WHEN_ACKNOWLEDGED] = partial(_done, admissions, asking, later)
        await next_()
        return None

    return middleware


async def _admit(admissions: Admissions, asking: PersonRequest) -> Admitted | None:
    """None where that cannot be told in time."""
    try:
        async with asyncio.timeout(ADMIT_S):
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
        # An acknowledgement without a word would close it, with all that was typed.
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
    """Who asks for what, None where it counts for nobody."""
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
    """Each click has a time of its own; Slack tells it beside the message or the view in which it was."""
    asker, action = click_asker(body), body["actions"][0]
    at = text_in(action, "action_ts")
    place = click_message(body) or text_in(record_in(body, "view"), "id")
    return PersonRequest(asker, f"click:{asker.user}:{place}:{text_in(action, 'action_id')}:{at}" if at else "")
