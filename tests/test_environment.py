"""Values from files: what the environment names instead of holding it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.environment import MOST_BYTES, EnvironmentValues, read_environment
from bot.load_settings import SettingsError, unknown
from bot.settings import Settings
from tests.test_settings import LEAST, faults, loaded

CONTENT = "xoxb-from-a-file-1234"
NOBODY = 65534


def read(environment: dict[str, str], *names: str) -> EnvironmentValues:
    """What an environment that holds only this says of these settings."""
    with patch.dict(os.environ, environment, clear=True):
        return read_environment(names)


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """A file with a token, as people write them: with a newline."""
    path = tmp_path / "token"
    path.write_text(f"{CONTENT}\n", encoding="utf-8")
    return path


def from_file(path: Path) -> dict[str, str]:
    """The least environment, with the bot token in a file."""
    return {**LEAST, "SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": str(path)}


def test_a_secret_is_read_from_a_file(token: Path) -> None:
    """Without its newline; the masker gets it, and nothing shows it."""
    settings = loaded(from_file(token))
    assert settings.slack_bot_token.get_secret_value() == CONTENT
    assert CONTENT in settings.secrets()
    assert CONTENT not in repr(settings)


def test_what_kubernetes_mounts_is_read(token: Path) -> None:
    """A link to a link to the file; a byte order mark of an editor and blanks are left out."""
    data, link = token.with_name("..data"), token.with_name("key")
    data.symlink_to(token.name)
    link.symlink_to(data.name)
    token.write_bytes(b"\xef\xbb\xbf  " + CONTENT.encode() + b"\r\n\r\n")
    found = read({"SLACK_BOT_TOKEN_FILE": f" {link} "}, "SLACK_BOT_TOKEN")
    assert found == EnvironmentValues({"SLACK_BOT_TOKEN": CONTENT}, {"SLACK_BOT_TOKEN": str(link)}, {}, {})


@pytest.mark.parametrize("name", sorted(name.upper() for name in Settings.model_fields))
def test_each_setting_may_be_in_a_file(name: str, token: Path) -> None:
    """Except for those that name a file themselves: there, the content would be taken for a path."""
    found = read({f"{name}_FILE": str(token)}, name)
    assert found.values == ({} if name.endswith("_FILE") else {name: CONTENT})
    with patch.dict(os.environ, {f"{name}_FILE": str(token)}, clear=True):
        assert bool(unknown()) is (name.startswith("BOLT_BOT_") and name.endswith("_FILE"))


def test_several_lines_stay_several(tmp_path: Path) -> None:
    """Patterns are one per line."""
    patterns = tmp_path / "patterns"
    patterns.write_text("acme-\\d{8}\ncustomer-\\w+\n", encoding="utf-8")
    assert len(loaded({**LEAST, "BOLT_BOT_SECRET_PATTERNS_FILE": str(patterns)}).patterns()) == 2


def test_a_blank_variable_is_unset(token: Path) -> None:
    """As everywhere: a template that fills in nothing is no mistake."""
    assert loaded({**LEAST, "REDIS_URL_FILE": "  "}).redis_url is None
    assert loaded({**from_file(token), "SLACK_BOT_TOKEN": "  "}).slack_bot_token.get_secret_value() == CONTENT


def test_both_are_refused_by_name(token: Path) -> None:
    """Nobody should have to guess which one counts, even if both say the same."""
    line = "SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set: keep one of them"
    assert faults(SLACK_BOT_TOKEN=CONTENT, SLACK_BOT_TOKEN_FILE=str(token)) == (line,)


def test_every_bad_file_is_named_in_one_line(tmp_path: Path) -> None:
    """By its variable, with the reason; never the value or the path, and nothing that follows from it."""
    bad = tmp_path / "very-secret-path"
    bad.mkdir()
    contents = {
        "empty": (b"", "the file is empty"),
        "blank": (b" \n\t\n", "the file is empty"),
        "latin-1": (b"xoxb-caf\xe9", "the file can't be read (it isn't UTF-8 text)"),
        "utf-16": (CONTENT.encode("utf-16"), "the file can't be read (it isn't UTF-8 text)"),
        "nul": (b"xoxb-1\0-2", "the file contains a NUL character"),
        "large": (b"x" * (MOST_BYTES + 1), "the file is larger than 1024 kB"),
    }
    for name, (content, _) in contents.items():
        (bad / name).write_bytes(content)
    (bad / "loop").symlink_to("loop")
    os.mkfifo(bad / "pipe")
    reasons = {str(bad / name): reason for name, (_, reason) in contents.items()} | {
        str(bad / "missing"): "the file can't be read (No such file or directory)",
        str(bad / "nul" / "below"): "the file can't be read (Not a directory)",
        str(bad / "loop"): "the file can't be read (Too many levels of symbolic links)",
        str(bad): "the path doesn't name a regular file",
        str(bad / "pipe"): "the path doesn't name a regular file",
        "/dev/zero": "the path doesn't name a regular file",
        # The token itself, in the wrong variable.
        CONTENT: "the file can't be read (No such file or directory)",
        CONTENT * 200: "the file can't be read (File name too long)",
    }
    for path, reason in reasons.items():
        lines = faults(SLACK_BOT_TOKEN="", SLACK_BOT_TOKEN_FILE=path)
        assert lines == (f"SLACK_BOT_TOKEN_FILE: {reason}",), path


@pytest.fixture
def not_root() -> Iterator[None]:
    """Root may read everything, so the test isn't root."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(mine)


@pytest.mark.usefixtures("not_root")
def test_a_file_of_somebody_else_is_named() -> None:
    """What a container's user meets first."""
    with tempfile.NamedTemporaryFile() as file:
        path = Path(file.name)
        path.chmod(0)
        with pytest.raises(SettingsError) as caught:
            loaded(from_file(path))
    assert caught.value.lines == ("SLACK_BOT_TOKEN_FILE: the file can't be read (Permission denied)",)


@pytest.mark.parametrize(
    "name", ["SLACK_APP_TOKEN", "PARADIME_API_KEY", "PARADIME_API_SECRET", "REDIS_URL", "BOLT_BOT_POLL_MIN_S"]
)
def test_a_bad_file_is_the_only_line(name: str) -> None:
    """What depends on the setting isn't reported as missing or wrong as well."""
    changes = {name: "", f"{name}_FILE": "/nowhere", "BOLT_BOT_POLL_MAX_S": "1"}
    assert faults(**changes) == (f"{name}_FILE: the file can't be read (No such file or directory)",)


def test_a_malformed_value_is_traced_to_its_file(token: Path) -> None:
    """The rule as always, and where the value comes from; not the value."""
    token.write_text("xoxp-very-secret", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        loaded(from_file(token))
    assert caught.value.lines == (
        "SLACK_BOT_TOKEN (in the file that SLACK_BOT_TOKEN_FILE names) should begin with xoxb- or xoxe.xoxb-",
    )


def test_a_mistyped_one_is_pointed_out() -> None:
    """With the name that has the same ending."""
    with patch.dict(os.environ, {"BOLT_BOT_SECRET_PATERNS_FILE": "x"}, clear=True):
        (line,) = unknown()
    assert line.endswith("did you mean BOLT_BOT_SECRET_PATTERNS_FILE?")
