"""Read the bot's identity from Slack at startup, so that a refused token fails at once, not in an endless loop.

`bot.slack.affiliation` decides who belongs to the same organization.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.model.errors import CredentialRefused, SlackRefused
from bot.slack.affiliation import Installation
from bot.slack.client import SlackChat


@dataclass(frozen=True, slots=True)
class Identity:
    """Our team and bot user. `url` is the workspace's address, with a trailing slash.

    `enterprise` is the organization's id on Enterprise Grid, empty elsewhere.
    """

    team: str
    bot_user: str
    bot_id: str
    name: str
    url: str
    enterprise: str = ""
    team_name: str = ""

    @property
    def installation(self) -> Installation:
        """Our installation."""
        return Installation(self.team, self.enterprise)


# The meaning of Slack's codes for a token, and the fix for each. Any other code is shown as it is.
REVOKED = ("was revoked, or the app was removed from the workspace", "Install the app again and copy its new token.")
REASONS = {
    "invalid_auth": ("isn't a token that Slack knows", "Copy it again from the app's settings."),
    "token_revoked": REVOKED,
    "account_inactive": REVOKED,
    "token_expired": (
        "has expired, because token rotation is on",
        "Rotation can't be turned off: create the app again from the manifest.",
    ),
    "not_allowed_token_type": ("is a different kind of token", "Copy it again from the app's settings."),
    "missing_scope": (
        "lacks the scope connections:write",
        "Generate another app-level token with that scope, under Basic Information in the app's settings.",
    ),
}


class TokenRefusedError(Exception):
    """Slack refuses a token.

    `sentence` names the variable and Slack's reason, and `fix` says what to do; the message contains both.
    """

    def __init__(self, sentence: str, fix: str) -> None:
        super().__init__(f"{sentence} {fix}")
        self.sentence = sentence
        self.fix = fix


def token_refused(variable: str, code: str) -> TokenRefusedError:
    """Return the error for a variable whose token Slack refused with this code."""
    meaning, fix = REASONS.get(code, ("", "Install the app again and copy its tokens."))
    why = f" ({code}): it {meaning}." if meaning else f" ({code})."
    return TokenRefusedError(f"Slack refused {variable}{why}", fix)


async def identify(chat: SlackChat) -> Identity:
    """Return who the bot token belongs to. Raises TokenRefusedError; SlackError if Slack is unavailable."""
    try:
        answer = await chat.call("auth.test")
    except (CredentialRefused, SlackRefused) as refused:
        raise token_refused("SLACK_BOT_TOKEN", refused.code) from refused
    return Identity(
        team=str(answer.get("team_id") or ""),
        bot_user=str(answer.get("user_id") or ""),
        bot_id=str(answer.get("bot_id") or ""),
        name=str(answer.get("user") or "bolt"),
        url=str(answer.get("url") or ""),
        enterprise=str(answer.get("enterprise_id") or ""),
        team_name=str(answer.get("team") or ""),
    )


async def check_app_token(chat: SlackChat, app_token: str) -> str:
    """Check that the app token opens connections. Returns a connection's address, which expires by itself.

    Raises TokenRefusedError; SlackError if Slack is unavailable.
    """
    try:
        return str((await chat.call("apps.connections.open", token=app_token)).get("url") or "")
    except (CredentialRefused, SlackRefused) as refused:
        raise token_refused("SLACK_APP_TOKEN", refused.code) from refused


async def app_of_bot(chat: SlackChat, identity: Identity) -> str:
    """Return the id of the app that the bot token belongs to, or "" if Slack doesn't say. Raises SlackError."""
    answer = await chat.call("bots.info", bot=identity.bot_id)
    return str((answer.get("bot") or {}).get("app_id") or "")


def check_same_app(of_bot: str, of_app_token: str) -> None:
    """Check that both tokens belong to the same app, unless that isn't known. Raises TokenRefusedError."""
    if of_bot and of_app_token and of_bot != of_app_token:
        raise TokenRefusedError(
            f"SLACK_BOT_TOKEN belongs to the Slack app {of_bot}, but SLACK_APP_TOKEN belongs to {of_app_token}, so "
            "commands and clicks wouldn't reach the bot.",
            f"Copy both tokens from the same app: https://api.slack.com/apps/{of_bot}",
        )


def app_id(app_token: str) -> str:
    """Return the app's id from its app-level token (xapp-1-A…-…), or an empty string if it has none."""
    found = re.match(r"xapp-\d+-(A[A-Z0-9]+)-", app_token)
    return found[1] if found else ""


def card_url(identity: Identity, channel: str, ts: str) -> str | None:
    """Return the web address of a message without calling Slack."""
    return f"{identity.url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}" if identity.url else None
