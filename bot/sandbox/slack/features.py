"""What Slack knows of the app from its manifest: its slash commands, its shortcuts, whether it has a Home tab."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import yaml

from bot.sandbox.slack.model import Json


@dataclass(frozen=True, slots=True)
class Features:
    """The `features` of a manifest, as Slack offers them to people."""

    commands: list[Json]
    shortcuts: list[Json]
    home_tab: bool
    messages_tab_read_only: bool

    @classmethod
    def of_the_manifest(cls) -> Features:
        """Those of the manifest that is shipped."""
        text = (resources.files("bot") / "manifest.yml").read_text(encoding="utf-8")
        features = yaml.safe_load(text)["features"]
        home = features.get("app_home", {})
        return cls(
            commands=features.get("slash_commands", []),
            shortcuts=features.get("shortcuts", []),
            home_tab=bool(home.get("home_tab_enabled")),
            messages_tab_read_only=bool(home.get("messages_tab_read_only_enabled")),
        )
