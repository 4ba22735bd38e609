"""Who we are in Slack, asked once at the start: a refused token is told at once, not in an endless loop."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.model.errors import CredentialRefused, SlackRefused
from bot.slack.affiliation import Installation
from bot.slack.client import SlackChat


@dataclass(frozen=True, slots=True)
class Identity:
    """Our team, and ourselves in it. `url` is the workspace's address, with a slash at its end.

    `enterprise` is the id of the organisation on Enterprise Grid, empty elsewhere.
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
    """Slack refuses a token; the message names the variable and Slack's reason."""


async def identify(chat: SlackChat) -> Identity:
    """Who the bot token belongs to. Raises TokenRefusedError; SlackError where Slack is away."""
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
    """Whether the app token opens connections. The address that this brings is not used and expires by itself.

    Raises TokenRefusedError; SlackError where Slack is away.
    """
    try:
        await chat.call("apps.connections.open", token=app_token)
    except (CredentialRefused, SlackRefused) as refused:
        text = f"Slack refused SLACK_APP_TOKEN ({refused.code}). It needs the scope connections:write."
        raise TokenRefusedError(text) from refused


def app_id(app_token: str) -> str:
    """The app's id, which its app-level token carries (xapp-1-A…-…); empty if it doesn't."""
    found = re.match(r"xapp-\d+-(A[A-Z0-9]+)-", app_token)
    return found[1] if found else ""


def card_url(identity: Identity, channel: str, ts: str) -> str | None:
    """The web address of a message, made without asking Slack."""
    return f"{identity.url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}" if identity.url else None
