"""App features from the manifest: commands, shortcuts, tabs, scopes and event subscriptions."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cache

import yaml

from bolt_sandbox.slack.model import Json


@dataclass(frozen=True, slots=True)
class Features:
    """The features in a manifest. `events` are its subscriptions; `scopes` are the bot token's, even optional ones."""

    commands: list[Json]
    shortcuts: list[Json]
    home_tab: bool
    messages_tab_read_only: bool
    scopes: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()

    @classmethod
    def from_manifest(cls, text: str) -> Features:
        """Read the features from a manifest in YAML."""
        manifest = deepcopy(_parsed(text))
        features = manifest["features"]
        home = features.get("app_home", {})
        return cls(
            commands=features.get("slash_commands", []),
            shortcuts=features.get("shortcuts", []),
            home_tab=bool(home.get("home_tab_enabled")),
            messages_tab_read_only=bool(home.get("messages_tab_read_only_enabled")),
            scopes=frozenset(manifest["oauth_config"]["scopes"]["bot"]),
            events=frozenset(manifest["settings"].get("event_subscriptions", {}).get("bot_events", [])),
        )


@cache
def _parsed(text: str) -> Json:
    """Parse the manifest. Cached, because parsing takes longer than the rest of creating a workspace."""
    manifest: Json = yaml.safe_load(text)
    return manifest
