"""docs/security.md lists every scope, event and secret, and no others."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from bot.manifest import render_manifest
from bot.settings import Settings
from bot.slack.scopes import WITHOUT
from tests.pages import CODE, read, table

PAGE = read("docs/security.md")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its header row."""
    return table("docs/security.md", heading)


def names(heading: str) -> list[str]:
    """The names in that table's first column, as often as they appear."""
    return [name for row in rows(heading) for name in CODE.findall(row[0])]


@pytest.fixture
def app() -> dict[str, Any]:
    """The manifest as data."""
    data: dict[str, Any] = yaml.safe_load(render_manifest())
    return data


def test_every_scope_has_its_reason(app: dict[str, Any]) -> None:
    """Every scope that the app asks for is listed once, and no other scope is listed."""
    assert sorted(names("Scopes")) == sorted(app["oauth_config"]["scopes"]["bot"])


def test_what_is_missing_without_a_scope_is_said(app: dict[str, Any]) -> None:
    """The page says in the doctor's words what doesn't work without a scope, and calls optional scopes optional."""
    optional = set(app["oauth_config"]["scopes"]["bot_optional"])
    for cell, reason, without in rows("Scopes"):
        name = cell.strip("`")
        assert reason.startswith("optional: ") is (name in optional), name
        assert without == WITHOUT[name], name


def test_every_event_has_its_reason(app: dict[str, Any]) -> None:
    """Every event that the app subscribes to is listed once, and no other."""
    assert sorted(names("Events")) == sorted(app["settings"]["event_subscriptions"]["bot_events"])


def test_every_secret_has_its_rotation() -> None:
    """Every secret setting is in the section about rotating secrets."""
    secret = {name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    told = PAGE.partition("## Rotating the secrets")[2].partition("\n## ")[0]
    assert secret
    assert {name for name in secret if f"`{name}`" not in told} == set()


def test_the_settings_that_it_names_are_there() -> None:
    """The settings that the page names exist."""
    named = {name for name in CODE.findall(PAGE) if re.fullmatch(r"(BOLT_BOT|PARADIME|SLACK|REDIS)_[A-Z_]+", name)}
    assert named <= {name.upper() for name in Settings.model_fields}
