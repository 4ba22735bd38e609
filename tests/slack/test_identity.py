"""The owner of the tokens, and the meaning of Slack's refusals."""

from __future__ import annotations

import pytest

from bolt_sandbox.server import Sandbox
from bot.slack.client import SlackChat
from bot.slack.identity import TokenRefusedError, app_id, app_of_bot, check_same_app, identify, token_refused


async def test_the_app_that_a_bot_belongs_to(sandbox: Sandbox) -> None:
    """Slack says which app the bot belongs to, an app token names its app, and the two must match."""
    settings = sandbox.env()
    chat = SlackChat(settings["SLACK_BOT_TOKEN"], settings["SLACK_API_URL"], str)
    app = await app_of_bot(chat, await identify(chat))
    await chat.close()
    assert app == app_id(settings["SLACK_APP_TOKEN"]) == sandbox.workspace.app_id
    check_same_app(app, app_id(settings["SLACK_APP_TOKEN"]))
    with pytest.raises(
        TokenRefusedError, match=r"belongs to the Slack app A0SANDBOX, but SLACK_APP_TOKEN belongs to A0OTHER"
    ):
        check_same_app(app, app_id(sandbox.workspace.other_app_token))


@pytest.mark.parametrize(("of_bot", "of_app_token"), [("", "A1"), ("A1", ""), ("", "")])
def test_an_app_that_is_not_known_is_no_other(of_bot: str, of_app_token: str) -> None:
    """If one of the apps isn't known, nothing is refused."""
    check_same_app(of_bot, of_app_token)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("token_revoked", "it was revoked"),
        ("account_inactive", "the app was removed"),
        ("token_expired", "token rotation is on"),
        ("invalid_auth", "isn't a token that Slack knows"),
        ("ekm_access_denied", "(ekm_access_denied). "),
    ],
)
def test_the_reason_for_a_refusal(code: str, words: str) -> None:
    """The message has Slack's code, its meaning if that's known, and what to do."""
    error = token_refused("SLACK_BOT_TOKEN", code)
    assert f"SLACK_BOT_TOKEN ({code})" in error.sentence
    assert words in str(error)
    assert str(error) == f"{error.sentence} {error.fix}"
