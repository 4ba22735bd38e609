"""The slack_bolt app: what stands before every listener, and an answer to everything that nobody listens to."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.logger import get_bolt_logger
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped, warning_token_skipped
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.model.asker import Asker
from bot.core.text.message import Message
from bot.slack.identity import Identity
from bot.slack.listener_context import click_asker
from bot.slack.payload_shapes import records

log = structlog.get_logger()

ANYTHING = re.compile(".*")
UNKNOWN = "I don't recognize that button or command. It may be from another version of me. Nothing was done."

# Slack drops what the acknowledgement of these says.
CLICKS = frozenset({"block_actions", "message_action", "shortcut"})
# Any answer but a list of options breaks the menu in which somebody types.
MENUS = frozenset({"block_suggestion", "dialog_suggestion"})
NO_OPTIONS: dict[str, Any] = {"options": []}

Incident = Callable[[str, BaseException], str]
# Answers a person privately, after the acknowledgement.
Tell = Callable[[Asker, Message], None]
# What stands before every listener: it lets a request through, or answers it.
Middleware = Callable[..., Awaitable[BoltResponse | None]]
# In a request's context: to be called once it is dealt with and its acknowledgement is known to be one.
WHEN_ACKNOWLEDGED = "when_acknowledged"


class ListenerApp(AsyncApp):
    """An app that knows how many requests of Slack's it has in hand, and not acknowledged yet; `idle` when none."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - slack_bolt's own
        super().__init__(**options)
        self._in_hand = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Count a request while it is dealt with."""
        self._in_hand += 1
        self.idle.clear()
        try:
            response = await super().async_dispatch(req)
            if response.status == 200 and WHEN_ACKNOWLEDGED in req.context:
                req.context[WHEN_ACKNOWLEDGED]()
            return response
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self.idle.set()


def _tells_news(record: logging.LogRecord) -> bool:
    return record.msg not in {warning_client_prioritized_and_token_skipped(), warning_token_skipped()}


def build_app(
    web: AsyncWebClient,
    token: str,
    identity: Identity,
    before: Sequence[Middleware],
    incident: Incident,
    tell: Tell,
) -> ListenerApp:
    """An app for one team. `before` stands in its order before every listener; a fault is told with a reference.

    Whoever hands a request to it has seen to it that it is Slack's.
    """

    async def authorize(**_: object) -> AuthorizeResult:
        # Known since the start: no auth.test stands between a command and its acknowledgement.
        return AuthorizeResult(
            enterprise_id=identity.enterprise or None,
            team_id=identity.team,
            bot_token=token,
            bot_id=identity.bot_id,
            bot_user_id=identity.bot_user,
        )

    # It warns twice that a token is ignored, which is as it should be: it comes with each request's authorization.
    get_bolt_logger(AsyncApp).addFilter(_tells_news)
    app = ListenerApp(
        # Without a name, slack_bolt makes one from the call stack, which takes a fifth of a second of the start.
        name="bot.slack",
        client=web,
        authorize=authorize,
        # What comes over HTTP is verified as it came, before it is read (bot.slack.http_requests); a socket is our own.
        request_verification_enabled=False,
        # Our listeners end with their acknowledgement; what goes on is the task registry's. So the answer is what they return:
        # otherwise slack_bolt looks each 10 ms whether they have acknowledged.
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    for middleware in before:
        app.use(middleware)

    @app.error
    async def on_error(error: Exception, body: dict[str, Any]) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            log.info("no listener", kind=body.get("type") or body.get("command"))
            return answer_request(body, "", tell) if body.get("type") in MENUS else BoltResponse(status=200, body="")
        reference = incident("listener", error)
        return answer_request(body, f"Something unexpected happened (reference {reference}). Try again.", tell)

    return app


def answer_request(body: dict[str, Any], sentence: str, tell: Tell) -> BoltResponse:
    """The acknowledgement of a request with one sentence for whoever made it, by the way that Slack shows for its kind."""
    kind = body.get("type")
    if kind in MENUS:
        return BoltResponse(status=200, body=NO_OPTIONS)
    if kind in CLICKS:
        try:
            tell(click_asker(body), Message((sentence,)))
        except (KeyError, TypeError, AttributeError):
            log.warning("a click that doesn't name its user", kind=kind)
        return BoltResponse(status=200, body="")
    if kind == "view_submission":
        return BoltResponse(status=200, body=_in_modal(body.get("view") or {}, sentence))
    return BoltResponse(status=200, body={"response_type": "ephemeral", "text": sentence})


def unreadable(body: object) -> dict[str, Any] | None:
    """What a request that nobody can read is acknowledged with, None if nothing is shown of it anyway."""
    return NO_OPTIONS if isinstance(body, dict) and str(body.get("type")) in MENUS else None


def _in_modal(view: dict[str, Any], sentence: str) -> dict[str, Any]:
    """A sentence in a modal that stays open: at its first input, for what was typed is kept then, else in its place."""
    inputs = (block.get("block_id") for block in records(view.get("blocks")) if block.get("type") == "input")
    first = next(inputs, None)
    if first:
        return {"response_action": "errors", "errors": {first: sentence}}
    shown = {
        "type": "modal",
        "title": view.get("title") or {"type": "plain_text", "text": "Bolt"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": [{"type": "section", "text": {"type": "plain_text", "text": sentence}}],
    }
    return {"response_action": "update", "view": shown}


def register_fallbacks(app: AsyncApp, tell: Tell) -> None:
    """Listen to whatever nobody else does: without a listener there is no acknowledgement at all. To be called last."""

    async def unknown(body: dict[str, Any]) -> BoltResponse:
        return answer_request(body, UNKNOWN, tell)

    async def clicked(body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        # The address of a link is opened by Slack itself.
        return BoltResponse(status=200, body="") if action.get("url") else answer_request(body, UNKNOWN, tell)

    app.command(ANYTHING)(unknown)
    app.action(ANYTHING)(clicked)
    app.view(ANYTHING)(unknown)
    app.shortcut(ANYTHING)(unknown)
    app.options(ANYTHING)(_no_options)
    app.event(ANYTHING)(_ignore)


async def _no_options(ack: AsyncAck) -> None:
    await ack(options=[])


async def _ignore() -> None:
    """An event that means nothing to us: slack_bolt has acknowledged it."""
