"""The Slack app's manifest, for Socket Mode and for HTTP.

It's made from `manifest.yml`; each scope is explained in `bot.slack.scopes`.
"""

from __future__ import annotations

import re
from importlib import resources

EXAMPLE = "https://bot.example.com"


def render_manifest(*, base_url: str | None = None, command: str = "/bolt") -> str:
    """Return the manifest as YAML, with comments: for Socket Mode, or for HTTP if the bot's public address is given.

    The source is the packaged manifest.yml. Lines marked HTTP take effect in the second form.
    """
    text = (resources.files("bot") / "manifest.yml").read_text(encoding="utf-8")
    text = text.replace("- command: /bolt\n", f"- command: {command}\n")
    if base_url is None:
        return text
    text = re.sub(r"^( +)# HTTP (\S+): (\S+)$", r"\1\2: \3", text, flags=re.MULTILINE)
    text = text.replace(EXAMPLE, base_url.rstrip("/"))
    # If it stayed enabled, Slack wouldn't send HTTP requests.
    return text.replace("socket_mode_enabled: true", "socket_mode_enabled: false")
