"""The Slack app's manifest: valid by Slack's own schema, and asking for no more than the bot uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.core.commands.verbs import VERBS
from bot.manifest import render_manifest
from bot.slack.shortcuts import details, start_run

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT.parent / "shared" / "slack" / "manifest.schema.2.0.0.json"
FORMS = [{}, {"base_url": "https://bolt.acme.example/"}, {"command": "/dbt"}]


def read(**form: str) -> dict[str, Any]:
    """The manifest as data."""
    data: dict[str, Any] = yaml.safe_load(render_manifest(**form))
    return data


@pytest.mark.parametrize("form", FORMS)
def test_slack_takes_it(form: dict[str, str]) -> None:
    """Each form of the manifest is valid according to Slack's published schema."""
    if not SCHEMA.exists():
        pytest.skip("Slack's schema of manifests is not beside this project")
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(read(**form))


def test_the_one_at_the_root_is_the_packaged_one() -> None:
    """The manifest at the root is the one that the command prints."""
    assert (ROOT / "manifest.yml").read_text() == render_manifest()


def test_socket_mode_names_no_address() -> None:
    """In Socket Mode, the manifest has no address, not even the example's."""
    data = read()
    assert data["settings"]["socket_mode_enabled"] is True
    assert "example" not in json.dumps(data)


def test_http_mode_names_the_address_everywhere() -> None:
    """Over HTTP, everything goes to one address; with Socket Mode on, Slack would send nothing there, so it's off."""
    data = read(base_url="https://bolt.acme.example/")
    address = "https://bolt.acme.example/slack/events"
    assert data["settings"]["socket_mode_enabled"] is False
    assert data["settings"]["interactivity"]["request_url"] == address
    assert data["settings"]["event_subscriptions"]["request_url"] == address
    # Text typed into a menu goes to this URL. Without it, no schedule could be chosen in the form.
    assert data["settings"]["interactivity"]["message_menu_options_url"] == address
    assert [one["url"] for one in data["features"]["slash_commands"]] == [address]
    assert "bot.example.com" not in render_manifest(base_url="https://bolt.acme.example")


def test_mentions_arrive_as_ids() -> None:
    """The slash command escapes mentions and channels, whatever its name."""
    (command,) = read(command="/dbt")["features"]["slash_commands"]
    assert command["command"] == "/dbt"
    assert command["should_escape"] is True


def test_the_hint_names_verbs() -> None:
    """The usage hint names only existing commands, and is within Slack's limit."""
    (command,) = read()["features"]["slash_commands"]
    hint = command["usage_hint"]
    named = [one.split()[0] for one in hint.split(" | ")]
    assert set(named) <= set(VERBS)
    assert named[-1] == "help"
    assert len(hint) <= 1000
    assert "retry" in command["description"]


def test_every_shortcut_has_its_listener() -> None:
    """Every shortcut in the manifest has a listener."""
    shortcuts = read()["features"]["shortcuts"]
    assert {one["callback_id"]: one["type"] for one in shortcuts} == {
        start_run.CALLBACK: "global",
        details.CALLBACK: "message",
    }


def test_optional_scopes_stand_in_both_lists() -> None:
    """Optional scopes are also in the full list, as Slack requires, and the required ones are few."""
    scopes = read()["oauth_config"]["scopes"]
    optional = set(scopes["bot_optional"])
    history = {"channels:history", "groups:history", "mpim:history"}
    assert optional == history | {"usergroups:read", "users:read.email", "mpim:read"}
    necessary = {
        "commands",
        "chat:write",
        "files:write",
        "channels:join",
        "im:write",
        "app_mentions:read",
        "im:history",
        "channels:read",
        "groups:read",
        "users:read",
    }
    assert set(scopes["bot"]) == necessary | optional


@pytest.mark.parametrize(
    ("event", "scope"),
    [
        ("app_mention", "app_mentions:read"),
        ("message.im", "im:history"),
        ("subteam_members_changed", "usergroups:read"),
        ("subteam_updated", "usergroups:read"),
        ("channel_shared", "channels:read"),
        ("channel_unshared", "channels:read"),
        ("channel_archive", "channels:read"),
        ("channel_unarchive", "channels:read"),
        ("channel_left", "channels:read"),
        ("group_archive", "groups:read"),
        ("group_unarchive", "groups:read"),
        ("group_left", "groups:read"),
        ("member_joined_channel", "channels:read"),
        ("channel_id_changed", "channels:read"),
    ],
)
def test_every_event_has_the_scope_that_it_needs(event: str, scope: str) -> None:
    """Every event has its scope, without which Slack silently doesn't send it."""
    data = read()
    assert event in data["settings"]["event_subscriptions"]["bot_events"]
    assert scope in data["oauth_config"]["scopes"]["bot"]


def test_the_events_are_these() -> None:
    """No other events are subscribed to: each costs a delivery, and Slack disables subscriptions that mostly fail."""
    assert set(read()["settings"]["event_subscriptions"]["bot_events"]) == {
        "app_mention",
        "message.im",
        "app_home_opened",
        "subteam_members_changed",
        "subteam_updated",
        "channel_shared",
        "channel_unshared",
        "channel_archive",
        "channel_unarchive",
        "channel_left",
        "group_archive",
        "group_unarchive",
        "group_left",
        "member_joined_channel",
        "channel_id_changed",
    }
