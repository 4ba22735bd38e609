"""`bolt-bot config`: each setting, where it comes from, and never a secret."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.cli import main
from bot.settings import Settings
from tests.test_settings import LEAST

# For each secret setting, a value that no other one contains.
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-aaaaaaaa",
    "SLACK_APP_TOKEN": "xapp-bbbbbbbb",
    "SLACK_SIGNING_SECRET": "cccccccc",
    "PARADIME_API_KEY": "dddddddd",
    "PARADIME_API_SECRET": "eeeeeeee",
    "PARADIME_WEBHOOK_SECRET": "ffffffffffffffff",
    "REDIS_URL": "redis://user:gggggggg@h",
    "BOLT_BOT_HEARTBEAT_URL": "https://h/ping/iiiiiiii",
    "BOLT_BOT_SECRET_PATTERNS": r"hhhh-\d{8}",
}
PARTS = re.compile("aaaaaaaa|bbbbbbbb|cccccccc|dddddddd|eeeeeeee|ffffffff|gggg|hhhh|iiiiiiii")


def config(capsys: pytest.CaptureFixture[str], environment: dict[str, str], *options: str) -> str:
    """The command's output with only these settings."""
    with patch.dict(os.environ, environment, clear=True):
        assert main(["config", *options]) == 0
    return capsys.readouterr().out


def rows(out: str) -> dict[str, list[str]]:
    """The value and the source of each setting."""
    return {name: rest for name, *rest in (re.split(r" {2,}", line) for line in out.splitlines())}


def test_every_setting_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Every setting has a line, in the order of declaration, with the value that the bot uses."""
    changes = {
        "BOLT_BOT_LOG_LEVEL": "INFO",
        "BOLT_BOT_POLL_MIN_S": " 2.50 ",
        "BOLT_BOT_ADOPT": "1",
        "SLACK_API_URL": "http://h/api",
    }
    shown = rows(config(capsys, {**LEAST, **changes}))
    assert list(shown) == [name.upper() for name in Settings.model_fields]
    assert shown["BOLT_BOT_LOG_LEVEL"] == ["info", "environment"]
    assert shown["BOLT_BOT_POLL_MIN_S"] == ["2.5", "environment"]
    assert shown["BOLT_BOT_ADOPT"] == ["true", "environment"]
    assert shown["SLACK_API_URL"] == ["http://h/api/", "environment"]
    assert shown["BOLT_BOT_POLL_MAX_S"] == ["30", "default"]
    assert shown["BOLT_BOT_SHOW_ROW_VALUES"] == ["false", "default"]
    assert shown["BOLT_BOT_ADMIN_PORT"] == ["unset", "default"]
    assert shown["SLACK_BOT_TOKEN"] == ["set", "environment"]
    assert shown["REDIS_URL"] == ["unset", "default"]


def test_a_file_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """If a setting comes from a file, the file is named, whether or not the setting is a secret."""
    (tmp_path / "token").write_text("xoxb-aaaaaaaa\n")
    (tmp_path / "name").write_text("two\n")
    files = {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "token"), "BOLT_BOT_NAME_FILE": str(tmp_path / "name")}
    environment = {**LEAST, "SLACK_BOT_TOKEN": "", **files}
    out = config(capsys, environment)
    assert rows(out)["SLACK_BOT_TOKEN"] == ["set", f"file {tmp_path}/token"]
    assert rows(out)["BOLT_BOT_NAME"] == ["two", f"file {tmp_path}/name"]
    assert not PARTS.search(out)
    found = json.loads(config(capsys, environment, "--json"))
    assert found["BOLT_BOT_NAME"] == {
        "value": "two",
        "set": True,
        "secret": False,
        "source": "file",
        "file": f"{tmp_path}/name",
    }


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_secret_is_printed(capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
    """No secret is printed, even if another setting contains it, in an address, a path or a name."""
    others = {
        "PARADIME_API_ENDPOINT": "https://user:gggggggg@h/graphql",
        "SLACK_API_URL": "https://h/xoxb-aaaaaaaa/",
        "BOLT_BOT_DATA_DIR": "/srv/eeeeeeee/hhhh-12345678",
        "BOLT_BOT_HTTP_HOST": "dddddddd\nBOLT_BOT_NAME  forged  default",
    }
    out = config(capsys, {**LEAST, **SECRETS, **others}, *options)
    assert not PARTS.search(out)
    assert "•••" in out
    if not options:
        assert rows(out).keys() == {name.upper() for name in Settings.model_fields}
        assert {name for name, (value, *_) in rows(out).items() if value == "set"} == set(SECRETS)


def test_scripts_get_values_with_their_types(capsys: pytest.CaptureFixture[str]) -> None:
    """In JSON, values keep their types, and secrets' values are left out; a setting is secret even if it isn't set."""
    found = json.loads(config(capsys, LEAST, "--json"))
    assert {name for name, one in found.items() if one["secret"]} == set(SECRETS)
    assert found["SLACK_BOT_TOKEN"] == {"value": None, "set": True, "secret": True, "source": "environment"}
    assert found["REDIS_URL"] == {"value": None, "set": False, "secret": True, "source": "default"}
    assert found["BOLT_BOT_HTTP_PORT"] == {"value": 8080, "set": True, "secret": False, "source": "default"}
    assert found["BOLT_BOT_ADOPT"]["value"] is False
    assert found["BOLT_BOT_POLICY_FILE"]["value"] is None


def test_wrong_settings_are_told_as_at_a_start(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong settings cause status 2 and one line each on standard error, as at startup."""
    with patch.dict(os.environ, {**LEAST, "SLACK_BOT_TOKEN": "xoxp-very-secret", "BOLT_BOT_NAM": "x"}, clear=True):
        assert main(["config"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split()[0] for line in shown.err.splitlines()] == ["BOLT_BOT_NAM", "SLACK_BOT_TOKEN"]
    assert "very-secret" not in shown.err
