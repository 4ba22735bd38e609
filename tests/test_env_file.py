"""`.env` files: read as python-dotenv reads them, and refused if other programs would read them differently."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.cli import main
from bot.env_file import read_env_file
from bot.environment import EnvFileError, read_environment
from bot.load_settings import SettingsError, load_settings, unknown
from tests.certificates import authority
from tests.proxies import connect_proxy
from tests.test_settings import LEAST

SECRET = "hunter22"  # noqa: S105 - a made-up one
FOUND = """# The bot's settings.

SLACK_BOT_TOKEN=xoxb-1#2
export SLACK_APP_TOKEN = 'xapp-1 # $(x) ${Y}'
A="two\\nlines\\\\d" # with a comment
B='two
lines'
C=
D=a"b'c\\d
SLACK_API_URL=  http://h/api \r
"""


def written(folder: Path, text: str | bytes) -> str:
    """Write a file with this text, and return its path."""
    path = folder / "bot.env"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_what_is_read(tmp_path: Path) -> None:
    """A file can have quotes, comments after them, `export`, blanks, several lines, and a # or a quote in a value."""
    file = read_env_file(written(tmp_path, b"\xef\xbb\xbf" + FOUND.encode()))
    assert file.values == {
        "SLACK_BOT_TOKEN": "xoxb-1#2",
        "SLACK_APP_TOKEN": "xapp-1 # $(x) ${Y}",
        "A": "two\nlines\\d",
        "B": "two\nlines",
        "C": "",
        "D": "a\"b'c\\d",
        "SLACK_API_URL": "http://h/api",
    }
    assert list(file.lines.values()) == [3, 4, 5, 6, 8, 9, 10]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"A=1\n\n\nB={SECRET} # mine", "line 4 has a # after B="),
        (f"A= #{SECRET}", "line 1 has a # after A="),
        (f"A={SECRET}${{B}}", "line 1 has ${…} or $(…) in A, which isn't expanded"),
        (f'A="{SECRET}$(B)"', "line 1 has ${…} or $(…) in A, which isn't expanded"),
        (f'A="{SECRET}\\b"', "line 1 has a backslash in double quotes in A: put the value in single quotes"),
        (f'A="{SECRET}\\\\\\d"', "line 1 has a backslash in double quotes in A: put the value in single quotes"),
        (f"A='{SECRET}\\\\d'", "line 1 has two backslashes in single quotes in A, which count as one"),
        (f"A=1\nA={SECRET}", "line 2 sets A again, after line 1"),
        (f"A: {SECRET}", "line 1 isn't of the form NAME=value, or a quote isn't closed"),
        (f'A=1\nB="{SECRET}\nC=1', "line 2 isn't of the form NAME=value, or a quote isn't closed"),
        (
            f'A="{SECRET}\nBOLT_BOT_NAME=x\nC=1"',
            "line 1 opens a quote that isn't closed before the line with BOLT_BOT_NAME=",
        ),
        (f"\n{SECRET}", "line 2 has no ="),
        (f"1-A={SECRET}", "line 1 doesn't begin with a variable's name"),
        (f"A=1\nB={SECRET}\xff".encode("latin-1"), "line 2 isn't UTF-8 text"),
        (b"A=1\0", "line 1 has a control character in A"),
        (b"A" * (1024 * 1024 + 1), "the file is larger than 1024 kB"),
    ],
)
def test_what_would_be_misread_is_refused_with_its_line(tmp_path: Path, text: str | bytes, fault: str) -> None:
    """Text that would be misread is refused with its line number, without the value, which may be a secret."""
    path = written(tmp_path, text)
    with pytest.raises(EnvFileError) as caught:
        read_env_file(path)
    assert str(caught.value).startswith(f"--env-file {path}: {fault}")
    assert SECRET not in str(caught.value)


def test_what_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If there's no such file, every command with the option says so in one sentence and exits with status 2."""
    missing = f"--env-file {tmp_path}/none: the file can't be read (No such file or directory).\n"
    commands = (["run"], ["doctor"], ["config"], ["healthcheck"], ["watches", "export"], ["audit", "export"])
    for command in (*commands, ["hints", "try", "x"], ["read-log", "--stdout", "x"]):
        assert main([*command, "--env-file", f"{tmp_path}/none"]) == 2
        assert "".join(capsys.readouterr()) == missing
    with pytest.raises(EnvFileError, match="the path doesn't name a regular file"):
        read_env_file(str(tmp_path))


def test_the_environment_takes_precedence(tmp_path: Path) -> None:
    """The environment takes precedence in either form: its token isn't mixed with a file that the env file names."""
    secret = tmp_path / "token"
    secret.write_text("xoxb-of-a-file\n")
    file = read_env_file(written(tmp_path, f"A=file\nB=file\nC_FILE={secret}\nD=file\nE_FILE={secret}"))
    with patch.dict(os.environ, {"A": "environment", "B": " ", "D_FILE": str(secret), "E": "environment"}, clear=True):
        found = read_environment(("A", "B", "C", "D", "E", "F"), file)
    assert found.values == {
        "A": "environment",
        "B": "file",
        "C": "xoxb-of-a-file",
        "D": "xoxb-of-a-file",
        "E": "environment",
    }
    assert found.env_lines == {"B": 2, "C": 3}
    assert found.files == {"C": str(secret), "D": str(secret)}
    assert not found.problems


def test_both_forms_in_the_file_are_refused(tmp_path: Path) -> None:
    """Both forms of a setting in the file are refused, as in the environment."""
    file = read_env_file(written(tmp_path, "SLACK_BOT_TOKEN=xoxb-1\nSLACK_BOT_TOKEN_FILE=/x"))
    with patch.dict(os.environ, {**LEAST, "SLACK_BOT_TOKEN": ""}, clear=True), pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert caught.value.lines == ("SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set: keep one of them",)


def test_a_malformed_value_is_named_with_its_line(tmp_path: Path) -> None:
    """A malformed value is named with its line, and a misspelled name with a suggestion; other names are ignored."""
    text = "BOLT_BOT_LEASE_S=many\nPARADIME_WORKSPACE_ID=1\nbolt_bot_name=x\nCOMPOSE_PROJECT_NAME=x"
    file = read_env_file(written(tmp_path, text))
    with patch.dict(os.environ, LEAST, clear=True):
        with pytest.raises(SettingsError) as caught:
            load_settings(file)
        lines = unknown(file)
    assert caught.value.lines == ("BOLT_BOT_LEASE_S (line 1 of the env file) should be a number",)
    assert lines == (
        f"{file.path} line 2: PARADIME_WORKSPACE_ID isn't a setting and has no effect; did you mean PARADIME_WORKSPACE_UID?",
        f"{file.path} line 3: bolt_bot_name isn't a setting and has no effect; did you mean BOLT_BOT_NAME?",
    )


def test_config_shows_where_each_value_comes_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`config` shows each value's source, a file, a line or the default, and a proxy without its password."""
    secret = tmp_path / "secret"
    secret.write_text("x\n")
    proxy = f"HTTPS_PROXY=http://user:{SECRET}@proxy:3128"
    path = written(
        tmp_path, f"{proxy}\nBOLT_BOT_NAME=mine\nPARADIME_API_SECRET_FILE={secret}\nno_proxy=a\nHTTP_PROXY=b"
    )
    environment = {**LEAST, "PARADIME_API_SECRET": "", "NO_PROXY": "*", "BOLT_BOT_LEASE_S": "9"}
    with patch.dict(os.environ, environment, clear=True):
        assert main(["config", "--env-file", path]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert main(["config", "--env-file", path, "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in lines}
    assert rows["BOLT_BOT_NAME"] == ["mine", f"env file {path} line 2"]
    assert rows["PARADIME_API_SECRET"] == ["set", f"file {secret}, named in {path} line 3"]
    assert rows["BOLT_BOT_LEASE_S"] == ["9", "environment"]
    assert rows["BOLT_BOT_COMMAND"] == ["/bolt", "default"]
    assert rows["NO_PROXY"] == ["*", "environment"]
    assert rows["HTTP_PROXY"] == ["b", f"env file {path} line 5"]
    assert "no_proxy" not in rows
    assert SECRET not in "".join(lines)
    assert rows["HTTPS_PROXY"] == ["http://•••@proxy:3128", f"env file {path} line 1"]
    assert shown["BOLT_BOT_NAME"] == {
        "value": "mine",
        "set": True,
        "secret": False,
        "source": "env file",
        "env_file": path,
        "line": 2,
    }


async def test_a_whole_process_obeys_the_file(tmp_path: Path) -> None:
    """A whole process uses the file's settings, including its proxy and certificates."""
    made = authority(tmp_path, "slack.com")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"ok":false,"error":"account_inactive"}'
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=made.context())
    async with connect_proxy(server.sockets[0].getsockname()[1]) as proxy:
        settings = {**LEAST, "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}", "SSL_CERT_FILE": str(made.file)}
        path = written(tmp_path, "".join(f"{name}={value}\n" for name, value in settings.items()))
        environment = {"PATH": os.environ["PATH"], "BOLT_BOT_DATA_DIR": str(tmp_path)}
        words = ("-m", "bot", "doctor", "--env-file", path)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, env=environment, stdout=pipe, stderr=pipe
        )
        out, _ = await process.communicate()
        assert "slack.com:443" in proxy.asked
    server.close()
    assert process.returncode == 1
    assert "account_inactive" in out.decode()
