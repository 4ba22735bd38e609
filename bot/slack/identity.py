"""Read the bot's identity from Slack at the start, so that a refused token fails at once, not in an endless loop."""

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


class TokenRefusedError(Exception):
    """Slack refuses a token. The message names the variable and Slack's reason."""


async def identify(chat: SlackChat) -> Identity:
    """Return who the bot token belongs to. Raises TokenRefusedError; SlackError if Slack is unavailable."""
    try:
        answer = await chat.call("auth.test")
    except (CredentialRefused, SlackRefused) as refused:
        raise TokenRefusedError(f"Slack refused SLACK_BOT_TOKEN ({refused.code}). Install the app again.") from refused
    return Identity(
        team=str(answer.get("team_id") or ""),
        bot_user=str(answer.get("user_id") or ""),
        bot_id=str(answer.get("bot_id") or ""),
        name=str(answer.get("user") or "bolt"),
        url=str(answer.get("url") or ""),
        enterprise=str(answer.get("enterprise_id") or ""),
        team_name=str(answer.get("team") or ""),
    )


async def check_app_token(chat: SlackChat, app_token: str) -> None:
    """Check that the app token opens connections. The returned address isn't used and expires by itself.

    Raises TokenRefusedError; SlackError if Slack is unavailable.
    """
    try:
        await chat.call("apps.connections.open", token=app_token)
    except (CredentialRefused, SlackRefused) as refused:
        text = f"Slack refused SLACK_APP_TOKEN ({refused.code}). It needs the scope connections:write."
        raise TokenRefusedError(text) from refused


def app_id(app_token: str) -> str:
    """Return the app's id from its app-level token (xapp-1-A…-…), empty if it has none."""
    found = re.match(r"xapp-\d+-(A[A-Z0-9]+)-", app_token)
    return found[1] if found else ""


def card_url(identity: Identity, channel: str, ts: str) -> str | None:
    """Return the web address of a message without calling Slack."""
    return f"{identity.url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}" if identity.url else None
