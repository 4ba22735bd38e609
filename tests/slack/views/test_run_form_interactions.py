"""The form's responses, as Slack gets them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from bot.core.redact.masker import Masker
from bot.slack.client import SlackChat
from bot.slack.listener_context import ListenerContext
from bot.slack.views.run_form_interactions import _errors

SECRET = "hunter2-hunter2"  # noqa: S105 - a made-up one


def test_what_is_wrong_does_not_quote_a_secret() -> None:
    """A secret that was typed into a field is masked in the error below it."""
    views = SlackChat("xoxb-1", "http://127.0.0.1:1/", Masker([SECRET]).mask)
    context = cast("ListenerContext", SimpleNamespace(views=views))
    view: dict[str, Any] = {"state": {"values": {"schedule": {}, "branch": {}}}}
    told = _errors(context, view, {"branch": f'"{SECRET}" is no branch.', "reason": f"too long: {SECRET[:9]}…"})
    assert told == {
        "response_action": "errors",
        "errors": {"branch": '"•••" is no branch.', "schedule": "too long: •••…"},
    }
