"""Values from files that the environment names."""

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
    """The values of these settings in an environment with nothing else."""
    with patch.dict(os.environ, environment, clear=True):
        return read_environment(names)


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """A file with a token and, as people write it, a newline."""
    path = tmp_path / "token"
    path.write_text(f"{CONTENT}\n", encoding="utf-8")
    return path


def from_file(path: Path) -> dict[str, str]:
    """The minimal environment, with the bot token in a file."""
    return {**LEAST, "SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": str(path)}


def test_a_secret_is_read_from_a_file(token: Path) -> None:
    """A secret is read from a file without its newline, is masked, and isn't shown."""
    settings = loaded(from_file(token))
    assert settings.slack_bot_token.get_secret_value() == CONTENT
    assert CONTENT in settings.secrets()
    assert CONTENT not in repr(settings)


def test_what_kubernetes_mounts_is_read(token: Path) -> None:
    """Kubernetes' links to links are followed; a byte order mark and blanks are removed."""
    data, link = token.with_name("..data"), token.with_name("key")
    data.symlink_to(token.name)
    link.symlink_to(data.name)
    token.write_bytes(b"\xef\xbb\xbf  " + CONTENT.encode() + b"\r\n\r\n")
    found = read({"SLACK_BOT_TOKEN_FILE": f" {link} "}, "SLACK_BOT_TOKEN")
    assert found == EnvironmentValues({"SLACK_BOT_TOKEN": CONTENT}, {"SLACK_BOT_TOKEN": str(link)}, {}, {})


@pytest.mark.parametrize("name", sorted(name.upper() for name in Settings.model_fields))
def test_each_setting_may_be_in_a_file(name: str, token: Path) -> None:
    """Each setting can be in a file, except those that name files themselves."""
    found = read({f"{name}_FILE": str(token)}, name)
    assert found.values == ({} if name.endswith("_FILE") else {name: CONTENT})
    with patch.dict(os.environ, {f"{name}_FILE": str(token)}, clear=True):
        assert bool(unknown()) is (name.startswith("BOLT_BOT_") and name.endswith("_FILE"))


def test_several_lines_stay_several(tmp_path: Path) -> None:
    """A file's lines stay separate, as patterns need."""
    patterns = tmp_path / "patterns"
    patterns.write_text("acme-\\d{8}\ncustomer-\\w+\n", encoding="utf-8")
    assert len(loaded({**LEAST, "BOLT_BOT_SECRET_PATTERNS_FILE": str(patterns)}).patterns()) == 2


def test_a_blank_variable_is_unset(token: Path) -> None:
    """A blank variable counts as unset, because a template may have filled in nothing."""
    assert loaded({**LEAST, "REDIS_URL_FILE": "  "}).redis_url is None
    assert loaded({**from_file(token), "SLACK_BOT_TOKEN": "  "}).slack_bot_token.get_secret_value() == CONTENT


def test_both_are_refused_by_name(token: Path) -> None:
    """Setting both forms is refused, even if both give the same value."""
    line = "SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set: keep one of them"
    assert faults(SLACK_BOT_TOKEN=CONTENT, SLACK_BOT_TOKEN_FILE=str(token)) == (line,)


def test_every_bad_file_is_named_in_one_line(tmp_path: Path) -> None:
    """Every bad file is reported in one line with the variable and the reason, without the value or the path."""
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
    """Root can read everything, so the test isn't run as root."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(mine)


@pytest.mark.usefixtures("not_root")
def test_a_file_of_somebody_else_is_named() -> None:
    """A file that belongs to somebody else is reported: that's a common problem in containers."""
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
    """If a file can't be read, only that is reported, without the settings that depend on it."""
    changes = {name: "", f"{name}_FILE": "/nowhere", "BOLT_BOT_POLL_MAX_S": "1"}
    assert faults(**changes) == (f"{name}_FILE: the file can't be read (No such file or directory)",)


def test_a_malformed_value_is_traced_to_its_file(token: Path) -> None:
    """A malformed value is reported with its rule and the variable of its file, without the value."""
    token.write_text("xoxp-very-secret", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        loaded(from_file(token))
    assert caught.value.lines == (
        "SLACK_BOT_TOKEN (in the file that SLACK_BOT_TOKEN_FILE names) should begin with xoxb- or xoxe.xoxb-",
    )


def test_a_mistyped_one_is_pointed_out() -> None:
    """A misspelled variable for a file is reported with the right name."""
    with patch.dict(os.environ, {"BOLT_BOT_SECRET_PATERNS_FILE": "x"}, clear=True):
        (line,) = unknown()
    assert line.endswith("did you mean BOLT_BOT_SECRET_PATTERNS_FILE?")
