"""Settings: each one that is missing or malformed gets a line."""

from __future__ import annotations

import os
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.load_settings import SettingsError, load_settings, unknown
from bot.settings import Settings

LEAST = {
    "SLACK_BOT_TOKEN": "xoxb-1-bot",
    "SLACK_APP_TOKEN": "xapp-1-app",
    "PARADIME_API_ENDPOINT": "https://api.paradime.io/api/v1/acme/graphql",
    "PARADIME_API_KEY": "key",
    "PARADIME_API_SECRET": "legacy-secret",
}

REDIS = (
    "should be an address that begins with redis://, rediss:// (TLS), unix://, redis+sentinel:// or redis+cluster://"
)
REDIS_OPTIONS = (
    "should have no options except db, ssl_ca_certs, ssl_cert_reqs, ssl_certfile, ssl_check_hostname, ssl_keyfile"
)
WEBHOOK = (
    "should be whsec_ followed by at least 16 bytes in base64 (signed webhooks), "
    "or at least 16 letters, digits, dashes and underscores"
)


def loaded(environment: dict[str, str]) -> Settings:
    """Load the settings from an environment that has only these variables."""
    with patch.dict(os.environ, environment, clear=True):
        return load_settings()


def faults(**changes: str) -> tuple[str, ...]:
    """The lines for the minimal environment with changes; an empty value removes one."""
    with pytest.raises(SettingsError) as caught:
        loaded({**LEAST, **changes})
    return caught.value.lines


def test_the_least_environment_is_enough() -> None:
    """The minimal environment is enough, and everything else has the documented default."""
    settings = loaded(LEAST)
    defaults = settings.model_dump(exclude={name.lower() for name in LEAST})
    assert {name: str(value) for name, value in defaults.items()} == {
        "slack_signing_secret": "None",
        "slack_api_url": "https://slack.com/api/",
        "paradime_workspace_uid": "None",
        "paradime_app_url": "https://app.paradime.io",
        "paradime_webhook_secret": "None",
        "redis_url": "None",
        "bolt_bot_name": "bolt",
        "bolt_bot_adopt": "False",
        "bolt_bot_data_dir": "data",
        "bolt_bot_http_host": "0.0.0.0",  # noqa: S104 - compared, not bound
        "bolt_bot_http_port": "8080",
        "bolt_bot_http_peer_connections": "100",
        "bolt_bot_admin_host": "None",
        "bolt_bot_admin_port": "None",
        "bolt_bot_poll_min_s": "2",
        "bolt_bot_poll_max_s": "30",
        "bolt_bot_discover_s": "15",
        "bolt_bot_command": "/bolt",
        "bolt_bot_log_format": "console",
        "bolt_bot_log_level": "info",
        "bolt_bot_lease_s": "10",
        "bolt_bot_start_deadline_s": "60",
        "bolt_bot_queue_s": "86400",
        "bolt_bot_api_timeout_s": "10",
        "bolt_bot_retention_days": "30",
        "bolt_bot_edits_a_minute": "48",
        "bolt_bot_posts_a_minute": "240",
        "bolt_bot_poll_requests_a_s": "10",
        "bolt_bot_user_limit": "30",
        "bolt_bot_channel_limit": "100",
        "bolt_bot_policy_file": "None",
        "bolt_bot_hints_file": "None",
        "bolt_bot_owners_file": "None",
        "bolt_bot_watches_file": "None",
        "bolt_bot_audit_days": "90",
        "bolt_bot_audit_entries": "100000",
        "bolt_bot_follow_gap_s": "15",
        "bolt_bot_log_limit_mb": "64",
        "bolt_bot_secret_patterns": "None",
        "bolt_bot_show_row_values": "False",
        "bolt_bot_heartbeat_url": "None",
        "bolt_bot_revision": "None",
    }
    assert settings.socket_mode


def test_an_empty_environment_names_everything_that_is_needed() -> None:
    """With an empty environment, every missing variable is reported at once, on a line of its own."""
    with pytest.raises(SettingsError) as caught:
        loaded({})
    names = [line.split()[0] for line in caught.value.lines]
    assert names == ["SLACK_BOT_TOKEN", "PARADIME_API_ENDPOINT", "PARADIME_API_SECRET", "SLACK_APP_TOKEN"]
    assert all(" is missing: " in line for line in caught.value.lines)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-1", "should begin with xoxb- or xoxe.xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxb-1 2", "should begin with xoxb- or xoxe.xoxb-"),
        ("SLACK_APP_TOKEN", "xoxp-1", "should begin with xapp-"),
        (
            "SLACK_APP_TOKEN",
            "xoxb-1",
            "should begin with xapp-: this is the bot token, which belongs in SLACK_BOT_TOKEN",
        ),
        (
            "SLACK_BOT_TOKEN",
            "xapp-1",
            "should begin with xoxb-: this is an app-level token, which belongs in SLACK_APP_TOKEN",
        ),
        ("SLACK_SIGNING_SECRET", "xapp-1", "should be the signing secret of the Slack app, not a token"),
        ("SLACK_API_URL", "slack.com", "should be an address that begins with https:// or http://"),
        ("PARADIME_API_ENDPOINT", "ftp://x", "should be an address that begins with https:// or http://"),
        ("PARADIME_API_ENDPOINT", "http://[", "should be an address that begins with https:// or http://"),
        ("PARADIME_API_ENDPOINT", "http://h:port/", "should be an address that begins with https:// or http://"),
        ("PARADIME_API_SECRET", "two words", "should consist of ASCII characters, without spaces"),
        ("PARADIME_WORKSPACE_UID", "a/b", "should be the workspace's uid: letters, digits, dashes and underscores"),
        ("REDIS_URL", "localhost:6379", REDIS),
        ("REDIS_URL", "redis://h?retry_on_timeout=true", REDIS_OPTIONS),
        (
            "REDIS_URL",
            "redis+sentinel://h:26379",
            "should end with the name of the primary, as in redis+sentinel://host:26379/mymaster",
        ),
        ("REDIS_URL", "redis+sentinel://h:1:2/m", "should list its hosts, as in host:26379,host:26379"),
        ("REDIS_URL", "redis+cluster://h,/", "should list its hosts, as in host:26379,host:26379"),
        ("REDIS_URL", "redis+cluster://h/1", "should not name a database: a cluster has only one"),
        ("PARADIME_WEBHOOK_SECRET", "whsec_c2hvcnQ=", WEBHOOK),
        ("PARADIME_WEBHOOK_SECRET", "whsec_é", WEBHOOK),
        ("PARADIME_WEBHOOK_SECRET", "too-short", WEBHOOK),
        ("PARADIME_WEBHOOK_SECRET", "a/b/c/d/e/f/g/h/i/j/k", WEBHOOK),
        ("BOLT_BOT_HEARTBEAT_URL", "monitor.test/x", "should be an address that begins with https:// or http://"),
        ("BOLT_BOT_REVISION", "a b", "should be a git revision: letters, digits, dots, dashes and underscores"),
        ("BOLT_BOT_NAME", "Our Bot", "should be 1 to 32 lowercase letters, digits and dashes"),
        ("BOLT_BOT_NAME", "x" * 33, "should be 1 to 32 lowercase letters, digits and dashes"),
        ("BOLT_BOT_COMMAND", "bolt", "should be a slash command of at most 32 characters, as in /bolt"),
        ("BOLT_BOT_HTTP_PORT", "65536", "should be at most 65535"),
        ("BOLT_BOT_HTTP_PORT", "80a", "should be a whole number"),
        ("BOLT_BOT_HTTP_PORT", "-1", "should be at least 0"),
        ("BOLT_BOT_ADMIN_PORT", "-1", "should be at least 0"),
        ("BOLT_BOT_ADMIN_PORT", "80a", "should be a whole number"),
        ("BOLT_BOT_ADMIN_PORT", "8080", "should be a different port from BOLT_BOT_HTTP_PORT"),
        ("BOLT_BOT_POLL_MIN_S", "0.01", "should be at least 0.1"),
        ("BOLT_BOT_POLL_MIN_S", "nan", "should be a number"),
        ("BOLT_BOT_POLL_MIN_S", "often", "should be a number"),
        ("BOLT_BOT_POLL_MIN_S", "31", "should be at most BOLT_BOT_POLL_MAX_S"),
        ("BOLT_BOT_API_TIMEOUT_S", "21", "should be at most 20"),
        (
            "PARADIME_APP_URL",
            "https://u:p@h/",
            "should not contain a username or a password, because it appears in links",
        ),
        (
            "PARADIME_APP_URL",
            "https://u@h/",
            "should not contain a username or a password, because it appears in links",
        ),
        (
            "BOLT_BOT_SECRET_PATTERNS",
            "acme-[a-z]{8}\n(unclosed-acme",
            "should be regular expressions, one per line: number 2 isn't a valid one",
        ),
        (
            "BOLT_BOT_SECRET_PATTERNS",
            "(acme)?",
            "should be regular expressions, one per line: number 1 also matches an empty string",
        ),
        ("BOLT_BOT_SECRET_PATTERNS", "acme\n" * 51, "should have at most 50 patterns, one per line"),
        ("BOLT_BOT_LOG_FORMAT", "xml", "should be 'console' or 'json'"),
        ("BOLT_BOT_LOG_LEVEL", "loud", "should be 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_malformed_one_is_named_with_what_it_should_be(name: str, value: str, line: str) -> None:
    """A malformed setting's line has the variable's name and the rule, never the value."""
    assert faults(**{name: value}) == (f"{name} {line}",)


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN is missing"),
        ({"PARADIME_API_KEY": ""}, "PARADIME_API_KEY is missing"),
        ({"PARADIME_API_SECRET": "prdm_cmp_1"}, "PARADIME_WORKSPACE_UID is missing"),
        ({"SLACK_BOT_TOKEN": "   "}, "SLACK_BOT_TOKEN is missing"),
        ({"BOLT_BOT_ADMIN_HOST": "127.0.0.1"}, "BOLT_BOT_ADMIN_PORT is missing"),
    ],
)
def test_what_belongs_together_is_asked_for(changes: dict[str, str], start: str) -> None:
    """A setting that is required, always or because of another setting, is reported as missing."""
    (line,) = faults(**changes)
    assert line.startswith(start)


@pytest.mark.parametrize(
    "changes",
    [
        {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "sign"},
        {"PARADIME_API_KEY": "", "PARADIME_API_SECRET": "prdm_wsp_1"},
        {"PARADIME_API_KEY": "", "PARADIME_API_SECRET": "prdm_cmp_1", "PARADIME_WORKSPACE_UID": "w1"},
        {"SLACK_BOT_TOKEN": "xoxe.xoxb-1-2"},
        {"BOLT_BOT_LOG_LEVEL": "INFO", "BOLT_BOT_HTTP_PORT": " 80 \n"},
        {"REDIS_URL": "rediss://:p%40ss@h:6380/1"},
        {"REDIS_URL": "unix:///run/redis.sock"},
        {"BOLT_BOT_COMMAND": "/dbt-läufe"},
        {"BOLT_BOT_SECRET_PATTERNS": "acme-\\d{8}\n\n  (?<=customer )\\w+  "},
        {"BOLT_BOT_ADMIN_PORT": "9090"},
        {"BOLT_BOT_HTTP_PORT": "0", "BOLT_BOT_ADMIN_PORT": "0"},
        {"BOLT_BOT_ADMIN_PORT": "9090", "BOLT_BOT_ADMIN_HOST": "127.0.0.1"},
    ],
)
def test_each_documented_form_is_taken(changes: dict[str, str]) -> None:
    """Every form of credentials and addresses that the documentation names is accepted."""
    assert loaded({**LEAST, **changes})


WORDS = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=12, max_size=40)


def told(environment: dict[str, str]) -> str:
    """The errors in an environment, or an empty string if there are none."""
    try:
        loaded(environment)
    except SettingsError as error:
        return str(error)
    return ""


@given(st.sampled_from(sorted(Settings.model_fields)), WORDS)
def test_no_line_holds_a_value(field: str, value: str) -> None:
    """No line quotes a value, whatever it is."""
    assert value.strip() not in told({**LEAST, field.upper(): value})


def test_secrets_do_not_show() -> None:
    """Printing the settings shows no secret, and the masker gets all of them."""
    secrets = {
        "SLACK_BOT_TOKEN": "xoxb-aaaaaa",
        "SLACK_APP_TOKEN": "xapp-bbbbbb",
        "SLACK_SIGNING_SECRET": "cccccc",
        "PARADIME_API_KEY": "dddddd",
        "PARADIME_API_SECRET": "eeeeee",
        "PARADIME_WEBHOOK_SECRET": "ffffffffffffffff",
        "REDIS_URL": "redis://u:gg%40gg@h",
        "BOLT_BOT_HEARTBEAT_URL": "https://user:hhhhhhhhhhhhhhhh@h/ping/iiiiiiiiiiiiiiii?key=jjjjjjjjjjjjjjjj",
    }
    settings = loaded({**LEAST, **secrets})
    shown = repr(settings) + str(settings)
    assert not any(value in shown for value in secrets.values())
    heartbeat = {"h" * 16, "/ping/" + "i" * 16, "i" * 16, "key=" + "j" * 16}
    expected = {*secrets.values(), "gg%40gg", "gg@gg", *heartbeat}
    expected -= {secrets["REDIS_URL"], secrets["BOLT_BOT_HEARTBEAT_URL"]}
    assert set(settings.secrets()) == expected


def test_patterns_do_not_show() -> None:
    """Printing the settings doesn't show patterns, which may reveal something; the masker gets them whole."""
    settings = loaded({**LEAST, "BOLT_BOT_SECRET_PATTERNS": "zebra-\\d{8}\ncustomer-\\w+"})
    assert [one.pattern for one in settings.patterns()] == [r"zebra-\d{8}", r"customer-\w+"]
    assert "zebra" not in repr(settings) + str(settings)
    assert loaded(LEAST).patterns() == ()


def test_passwords_of_every_form_of_address_are_secrets() -> None:
    """Passwords in every form of address are secrets, for data servers and for Sentinels."""
    url = "redis+sentinel://u:p%40ss@h1:1,h2/main/0?sentinel_password=s%21t"
    assert {"p%40ss", "p@ss", "s!t"} <= set(loaded({**LEAST, "REDIS_URL": url}).secrets())
    assert "p@ss" in loaded({**LEAST, "REDIS_URL": "redis+cluster://:p%40ss@h1,h2"}).secrets()


def test_settings_are_frozen() -> None:
    """Settings can't be changed."""
    settings = loaded(LEAST)
    with pytest.raises(ValidationError):
        settings.bolt_bot_name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "workspace"),
    [
        ({}, "acme"),
        ({"PARADIME_API_ENDPOINT": "https://h/"}, "default"),
        ({"PARADIME_API_ENDPOINT": "https://h/a{b}/graphql/"}, "a-b-"),
        ({"PARADIME_WORKSPACE_UID": "uid1"}, "uid1"),
    ],
)
def test_records_call_the_workspace(changes: dict[str, str], workspace: str) -> None:
    """Records have the workspace's uid if it's set, or else the name from the endpoint's path."""
    assert loaded({**LEAST, **changes}).workspace == workspace


def test_addresses_are_joined_as_expected() -> None:
    """Slack's address ends with a slash, as slack_sdk requires; the app's doesn't."""
    changed = {"SLACK_API_URL": "http://h/slack/api", "PARADIME_APP_URL": "http://h/"}
    settings = loaded({**LEAST, **changed})
    assert settings.slack_api_url == "http://h/slack/api/"
    assert settings.paradime_app_url == "http://h"


def test_a_mistyped_setting_is_pointed_out() -> None:
    """An unknown BOLT_BOT_ variable is reported with the nearest setting; a variable unlike any setting isn't."""
    with patch.dict(os.environ, {"BOLT_BOT_POL_MIN_S": "1", "BOLT_BOT_NAME": "x", "SLACK_WHATEVER": "y"}):
        lines = unknown()
    assert lines == ("BOLT_BOT_POL_MIN_S isn't a setting and has no effect; did you mean BOLT_BOT_POLL_MIN_S?",)


def test_swapped_tokens_are_one_mistake() -> None:
    """Swapped tokens are reported in one line that names both variables."""
    lines = faults(SLACK_BOT_TOKEN=LEAST["SLACK_APP_TOKEN"], SLACK_APP_TOKEN=LEAST["SLACK_BOT_TOKEN"])
    assert lines == ("SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped: switch their values",)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SLACK_BOT_TOKN", "SLACK_BOT_TOKEN"),
        ("SLACK_SIGNING_SECRETS", "SLACK_SIGNING_SECRET"),
        ("PARADIME_WORKSPACE_ID", "PARADIME_WORKSPACE_UID"),
        ("REDIS_URI", "REDIS_URL"),
        ("PARADIME_API_KEY_FIEL", "PARADIME_API_KEY_FILE"),
    ],
)
def test_what_is_nearly_a_setting_that_is_not_set(name: str, meant: str) -> None:
    """A variable that resembles an unset setting is reported, but not if the setting itself is set."""
    with patch.dict(os.environ, {name: "1"}, clear=True):
        assert unknown() == (f"{name} isn't a setting and has no effect; did you mean {meant}?",)
    with patch.dict(os.environ, {name: "1", meant: "2"}, clear=True):
        assert unknown() == ()


@pytest.mark.parametrize("name", ["REDIS_PORT", "REDIS_SERVICE_HOST", "SLACK_CHANNEL", "SLACK_WEBHOOK_URL"])
def test_variables_of_other_programs_are_left_alone(name: str) -> None:
    """Variables of other programs aren't reported; Kubernetes sets some that begin like ours."""
    with patch.dict(os.environ, {name: "1"}, clear=True):
        assert unknown() == ()
