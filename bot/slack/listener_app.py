"""Build the slack_bolt app: middleware before every listener, and fallbacks for requests without a listener."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from prometheus_client import Histogram
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
from bot.flows.cooperative import Intake
from bot.logging import RareWarning
from bot.slack.identity import Identity
from bot.slack.listener_context import click_asker
from bot.slack.payload_shapes import records

log = structlog.get_logger()

ANYTHING = re.compile(".*")
UNKNOWN = "I don't recognize that button or shortcut. It may be from another version of this bot. Nothing was done. Type the command instead."

# A command's name that can be shown as it is: anything else that Slack sends might be read as markup.
PLAIN_COMMAND = re.compile(r"/[\w-]{1,31}")

# Slack ignores the body of their acknowledgement.
CLICKS = frozenset({"block_actions", "message_action", "shortcut"})
# Any answer but a list of options breaks the menu in which the person types.
MENUS = frozenset({"block_suggestion", "dialog_suggestion"})
NO_OPTIONS: dict[str, Any] = {"options": []}

ACKNOWLEDGED = Histogram(
    "bolt_bot_acknowledgement_seconds",
    "Time until a request from Slack is acknowledged, by kind. Slack waits 3 s.",
    ("kind",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
KINDS = {
    "block_actions": "click",
    "block_suggestion": "menu",
    "event_callback": "event",
    "message_action": "shortcut",
    "shortcut": "shortcut",
    "view_closed": "form",
    "view_submission": "form",
}

ReportFault = Callable[[str, BaseException], str]
# Answers a person privately, after the acknowledgement.
Tell = Callable[[Asker, Message], None]
# Runs before every listener: passes a request on, or answers it.
Middleware = Callable[..., Awaitable[BoltResponse | None]]
# Key in a request's context: called once the request is handled and its acknowledgement has succeeded.
WHEN_ACKNOWLEDGED = "when_acknowledged"


class ListenerApp(AsyncApp):
    """An app that counts the requests from Slack that it hasn't acknowledged yet, in `intake`."""

    def __init__(self, *, intake: Intake | None = None, **options: Any) -> None:  # noqa: ANN401 - slack_bolt's own
        super().__init__(**options)
        self.intake = intake or Intake()

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Count a request while it's handled."""
        began = time.monotonic()
        with self.intake.handling():
            response = await super().async_dispatch(req)
            ACKNOWLEDGED.labels(_kind(req.body)).observe(time.monotonic() - began)
            if response.status == 200 and WHEN_ACKNOWLEDGED in req.context:
                req.context[WHEN_ACKNOWLEDGED]()
            return response


def _kind(body: dict[str, Any]) -> str:
    return "command" if "command" in body else KINDS.get(str(body.get("type")), "other")


def _tells_news(record: logging.LogRecord) -> bool:
    return record.msg not in {warning_client_prioritized_and_token_skipped(), warning_token_skipped()}


def build_app(
    web: AsyncWebClient,
    token: str,
    identity: Identity,
    before: Sequence[Middleware],
    report_fault: ReportFault,
    tell: Tell,
    intake: Intake | None = None,
) -> ListenerApp:
    """Build an app for one team.

    The middleware in `before` runs in order before every listener. Unexpected errors are answered with a reference.
    `intake` counts the requests that aren't acknowledged yet.

    The caller must have verified that a request comes from Slack.
    """

    async def authorize(**_: object) -> AuthorizeResult:
        # Known since startup, so no auth.test delays an acknowledgement.
        return AuthorizeResult(
            enterprise_id=identity.enterprise or None,
            team_id=identity.team,
            bot_token=token,
            bot_id=identity.bot_id,
            bot_user_id=identity.bot_user,
        )

    # slack_bolt warns twice that the token is ignored, which is intended: it comes with each request's authorization.
    get_bolt_logger(AsyncApp).addFilter(_tells_news)
    app = ListenerApp(
        # Without a name, slack_bolt derives one from the call stack, which takes a fifth of a second at startup.
        name="bot.slack",
        client=web,
        authorize=authorize,
        # HTTP requests are verified before they're parsed (bot.slack.signed_requests); sockets are opened by the bot itself.
        request_verification_enabled=False,
        # Our listeners return once they've acknowledged; longer work runs in a task of its own. So the acknowledgement
        # is sent when they return; otherwise slack_bolt polls every 10 ms for it.
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        intake=intake,
    )
    for middleware in before:
        app.use(middleware)
    _answer_errors(app, report_fault, tell)
    return app


def _answer_errors(app: AsyncApp, report_fault: ReportFault, tell: Tell) -> None:
    """Answer requests that no listener handles, or whose listener fails."""

    @app.error
    async def on_error(error: Exception, body: dict[str, Any]) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            log.info("no listener for a request", kind=body.get("type") or body.get("command"))
            return answer_request(body, "", tell) if body.get("type") in MENUS else BoltResponse(status=200, body="")
        reference = report_fault("listener", error)
        return answer_request(body, f"Something unexpected happened (reference {reference}). Try again.", tell)


def answer_request(body: dict[str, Any], sentence: str, tell: Tell) -> BoltResponse:
    """Acknowledge a request with one sentence for the person, in the form that Slack displays for its kind."""
    kind = body.get("type")
    if kind in MENUS:
        return BoltResponse(status=200, body=NO_OPTIONS)
    if kind in CLICKS:
        try:
            tell(click_asker(body), Message((sentence,)))
        except (KeyError, TypeError, AttributeError):
            log.warning("a click can't be answered, because it doesn't name its user", kind=kind)
        return BoltResponse(status=200, body="")
    if kind == "view_submission":
        return BoltResponse(status=200, body=_in_modal(body.get("view") or {}, sentence))
    return BoltResponse(status=200, body={"response_type": "ephemeral", "text": sentence})


def unreadable(body: object) -> dict[str, Any] | None:
    """Return the acknowledgement of a malformed request, or None if Slack doesn't display one anyway."""
    return NO_OPTIONS if isinstance(body, dict) and str(body.get("type")) in MENUS else None


def _in_modal(view: dict[str, Any], sentence: str) -> dict[str, Any]:
    """Show a sentence in a modal: at its first input, which keeps what was typed, or else in place of its content."""
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


def register_fallbacks(app: AsyncApp, tell: Tell, slash_command: str) -> None:
    """Listen to everything else, because without a listener there's no acknowledgement. Call this last.

    `slash_command` is the one that has a listener.
    """
    other_command = RareWarning("Slack sent a slash command that isn't BOLT_BOT_COMMAND: rename one of them")

    async def unknown_command(body: dict[str, Any]) -> BoltResponse:
        name = str(body.get("command") or "")
        sent = name if PLAIN_COMMAND.fullmatch(name) else "another command"
        other_command.note(sent=sent, expected=slash_command)
        sentence = (
            f"I'm set up for {slash_command}, but Slack sent me {sent}. Nothing was done. Ask whoever "
            "runs this bot to make BOLT_BOT_COMMAND match the app's settings."
        )
        return answer_request(body, sentence, tell)

    async def unknown(body: dict[str, Any]) -> BoltResponse:
        return answer_request(body, UNKNOWN, tell)

    async def clicked(body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        # Slack itself opens the address of a link button.
        return BoltResponse(status=200, body="") if action.get("url") else answer_request(body, UNKNOWN, tell)

    app.command(ANYTHING)(unknown_command)
    app.action(ANYTHING)(clicked)
    app.view(ANYTHING)(unknown)
    app.shortcut(ANYTHING)(unknown)
    app.options(ANYTHING)(_no_options)
    app.event(ANYTHING)(_ignore)


async def _no_options(ack: AsyncAck) -> None:
    await ack(options=[])


async def _ignore() -> None:
    """Ignore an event: slack_bolt has acknowledged it."""
