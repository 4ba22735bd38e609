"""The Slack app's manifest, as it is shipped, and its form for HTTP."""

from __future__ import annotations

import re
from importlib import resources

EXAMPLE = "https://bot.example.com"


def render_manifest(*, base_url: str | None = None, command: str = "/bolt") -> str:
    """The manifest as YAML, comments included: for Socket Mode, or for HTTP where the bot's public address is given.

    It is the packaged manifest.yml, whose lines marked HTTP take effect in the second form.
    """
    text = (resources.files("bot") / "manifest.yml").read_text(encoding="utf-8")
    text = text.replace("- command: /bolt\n", f"- command: {command}\n")
    if base_url is None:
        return text
    text = re.sub(r"^( +)# HTTP (\S+): (\S+)$", r"\1\2: \3", text, flags=re.MULTILINE)
    text = text.replace(EXAMPLE, base_url.rstrip("/"))
    # Turned on, it would stop Slack's posts.
    return text.replace("socket_mode_enabled: true", "socket_mode_enabled: false")
