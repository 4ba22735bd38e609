"""compose.yaml and .env.example: they set only existing settings, and both services have minimal rights."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings
from tests.test_dockerfile import said

ROOT = Path(__file__).parents[1]
FILE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
SETTINGS = {name.upper() for name in Settings.model_fields}


def example() -> dict[str, str]:
    """The variables in .env.example, including those that are commented out."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_the_example_names_settings() -> None:
    """The example names only settings, includes the required ones, and has no values for tokens."""
    found = example()
    assert found.keys() <= SETTINGS
    required = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    assert required <= found.keys()
    assert {value for name, value in found.items() if not name.startswith("BOLT_BOT_")} == {""}


def test_what_compose_fills_in_is_no_setting() -> None:
    """Compose's own variables don't look like settings: the bot gets all of .env and would report them as unknown."""
    own = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    assert not {name for name in own if name.startswith("BOLT_BOT_")}
    assert SERVICES["bot"]["environment"].keys() <= SETTINGS


def test_the_file_with_the_secrets_is_ignored() -> None:
    """Git ignores .env, which has the secrets."""
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert SERVICES["bot"]["env_file"] == ".env"


@pytest.mark.parametrize("name", ["bot", "redis"])
def test_a_service_may_do_little(name: str) -> None:
    """A service is restarted, has time to stop, and has few rights: no writes, no capabilities, no new privileges."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["stop_grace_period"] == "30s"
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]


def test_the_bots_health_check_is_the_images() -> None:
    """The bot's health check is the image's, repeated because podman may ignore the image's."""
    (check,) = said("HEALTHCHECK")
    own = SERVICES["bot"]["healthcheck"]
    assert own["test"] == ["CMD", *json.loads(check[check.index("[") :])]
    for option in ("interval", "timeout", "start-period", "retries"):
        assert f"--{option}={own[option.replace('-', '_')]}" in check


def test_redis_keeps_what_it_is_told() -> None:
    """Redis has an append-only file on a volume, evicts nothing, and can be reached only by the bot."""
    redis = SERVICES["redis"]
    options = dict(zip(redis["command"][1::2], redis["command"][2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] in {"everysec", "always"}
    assert options["--maxmemory-policy"] == "noeviction"
    assert redis["volumes"] == ["redis:/data"]
    assert "redis" in FILE["volumes"]
    assert redis["networks"] == ["redis"]
    assert "ports" not in redis
    assert FILE["networks"]["redis"] == {"internal": True}
    assert SERVICES["bot"]["environment"]["REDIS_URL"].startswith("redis://redis:6379")
    assert SERVICES["bot"]["depends_on"] == {"redis": {"condition": "service_healthy"}}
