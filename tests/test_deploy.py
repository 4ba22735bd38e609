"""The Helm chart and the systemd unit match the bot. Tests that need Helm or systemd are in tests/deploy/."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import yaml
from pydantic import SecretStr

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
CHART = ROOT / "deploy" / "helm" / "bolt-bot"
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
UNIT = (ROOT / "deploy" / "systemd" / "bolt-bot.service").read_text(encoding="utf-8")
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))["properties"]
SETTINGS = {name.upper() for name in Settings.model_fields}
SECRETS = {name.upper() for name, field in Settings.model_fields.items() if SecretStr.__name__ in str(field.annotation)}
# Settings that the chart or the image itself sets.
OWN = {"REDIS_URL", "BOLT_BOT_DATA_DIR", "BOLT_BOT_REVISION"} | {
    f"BOLT_BOT_{name}" for name in ("HTTP_HOST", "HTTP_PORT", "ADMIN_HOST", "ADMIN_PORT")
}


def test_the_chart_knows_every_setting() -> None:
    """Each setting is a value, a key of the secret, a file, or the chart's own: add a new one to values.schema.json."""
    values, keys = set(SCHEMA["settings"]["properties"]), set(SCHEMA["secretKeys"]["items"]["enum"])
    files = {f"BOLT_BOT_{name.upper()}_FILE" for name in SCHEMA["files"]["properties"]}
    assert values | keys | files | OWN == SETTINGS
    assert keys == SECRETS - {"REDIS_URL"}
    assert not values & (keys | files | OWN)


def test_the_schema_knows_every_value() -> None:
    """The schema has the values in values.yaml and no others."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert values.keys() == SCHEMA.keys() - {"global"}
    for name, value in values.items():
        known = SCHEMA[name].get("properties")
        if value and known:
            assert value.keys() <= known.keys()


def test_the_chart_has_the_bots_version() -> None:
    """The chart and its image have the bot's version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert (chart["version"], chart["appVersion"]) == (version, version)


def test_the_chart_has_the_alert_rules() -> None:
    """The chart has a copy of the alert rules, since Helm reads nothing else: `make alerts` updates it."""
    assert (CHART / "files" / "alerts.yaml").read_bytes() == RULES.read_bytes()


def test_the_unit_names_settings() -> None:
    """The unit sets only settings, and each secret is read from the file that systemd puts it in."""
    named = re.findall(r"^Environment=(.*)$", UNIT, re.MULTILINE)
    variables = dict(one.split("=", 1) for line in named for one in line.split())
    passed = dict(re.findall(r"^LoadCredential=(\w+):(.*)$", UNIT, re.MULTILINE))
    assert {name: path for name, path in variables.items() if name.endswith("_FILE")} == {
        f"{name.upper()}_FILE": f"%d/{name}" for name in passed
    }
    assert {name.upper() for name in passed} <= SECRETS
    assert {name for name in variables if not name.endswith("_FILE") and not name.startswith("PYTHON")} <= SETTINGS


def test_the_unit_waits_as_long_as_the_bot_needs() -> None:
    """The unit gives the bot 30 s to stop, and doesn't restart it after wrong settings (status 2)."""
    assert re.search(r"^TimeoutStopSec=30s$", UNIT, re.MULTILINE)
    assert re.search(r"^RestartPreventExitStatus=2$", UNIT, re.MULTILINE)
    assert re.search(r"^Restart=on-failure$", UNIT, re.MULTILINE)


def test_the_unit_can_reload() -> None:
    """The unit reloads with the signal that makes the bot read its files again."""
    assert re.search(r"^ExecReload=/bin/kill -HUP \$MAINPID$", UNIT, re.MULTILINE)
