"""Scopes in the manifest, each with what doesn't work without it: for the log, the doctor and docs/security.md.

Tests compare this list with the manifest and the page.

`bot/manifest.yml` requests them.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

log = structlog.get_logger()

WITHOUT = {
    "commands": "the slash command and the shortcuts don't work",
    "app_mentions:read": "the bot doesn't see mentions",
    "chat:write": "no card, reply or private answer can be posted",
    "files:write": "logs, artifacts and pictures can't be posted as files",
    "channels:join": "the bot has to be invited to every channel",
    "im:write": "the bot can't send direct messages",
    "im:history": "the bot doesn't see commands in direct messages",
    "channels:read": "nothing can be started in public channels, and App Home can't be filled",
    "groups:read": "nothing can be started in private channels, and App Home doesn't show them",
    "users:read": "no one's role is known, so everyone is refused",
    "channels:history": "after a lost reply, the end of a run may be posted twice in public channels, and a card may be missing",
    "groups:history": "after a lost reply, the end of a run may be posted twice in private channels, and a card may be missing",
    "mpim:history": "after a lost reply, the end of a run may be posted twice in group messages, and a card may be missing",
    "usergroups:read": "a policy rule that names a user group can't be decided, so actions are refused",
    "users:read.email": "people's email addresses aren't known, so policy rules about domains match nobody, and schedule owners given by address aren't found",
    "mpim:read": "nothing can be started in group messages",
    "connections:write": "Socket Mode can't connect",
}
# The person who installs the app may leave these out, so their absence is a choice.
OPTIONAL = frozenset(
    {"channels:history", "groups:history", "mpim:history", "usergroups:read", "users:read.email", "mpim:read"}
)
REQUIRED = frozenset(WITHOUT) - OPTIONAL - {"connections:write"}


class MissingScopes:
    """Logs each missing scope once, with what doesn't work without it."""

    def __init__(self) -> None:
        self._named: set[str] = set()

    def report(self, needed: Iterable[str], method: str = "") -> None:
        """Report scopes that Slack says are missing, for a call of `method` or for the token as a whole."""
        for scope in sorted(set(needed) - self._named):
            self._named.add(scope)
            where = {"method": method} if method else {}
            without = WITHOUT.get(scope, "features that call this method don't work")
            log.warning(
                "the Slack app lacks a scope; add it and install the app again", scope=scope, without=without, **where
            )
