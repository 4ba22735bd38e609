"""Logs: masked, with one line per event, and without the libraries' chatter."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from slack_bolt.logger import get_bolt_logger
from structlog.testing import capture_logs

from bot.core.redact.masker import Masker
from bot.logging import BYTES_MOST, CODECS, PERIOD_S, SAME_MOST, SELDOM_S, RareWarning, configure_logging, incident_id
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).parents[1]
SECRET = "hunter2-hunter2"  # noqa: S105 - a made-up one
MASKED = Masker([SECRET]).mask


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Restore logging after each test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def logged(log_format: str = "json", level: str = "debug") -> io.StringIO:
    """Configure logging into memory."""
    stream = io.StringIO()
    configure_logging(log_format, level, MASKED, stream)
    return stream


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_secret_is_logged(log_format: str) -> None:
    """A secret is masked in events, in values at any depth and in tracebacks, ours and the libraries'."""
    stream = logged(log_format)
    log = structlog.get_logger("bot.test")
    log.info(SECRET, plain=SECRET, deep={"a": [{"b": SECRET}], SECRET: 1}, thing=ValueError(SECRET))
    log.info("with %s", SECRET)
    logging.getLogger("somewhere").warning("with %s", SECRET)
    try:
        int(SECRET)
    except ValueError:
        log.exception("failed")
        logging.getLogger("somewhere").exception("failed")
    text = stream.getvalue()
    assert SECRET not in text
    assert text.count("•••") >= 6
    assert text.count("Traceback") == 2


def test_json_lines_have_their_fields() -> None:
    """A JSON line has the event, the level, the logger, the time in UTC and the bound values."""
    stream = logged()
    structlog.get_logger("bot.test").warning("a service is away", service="redis", away_s=1.5, tries=3)
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "a service is away",
        "level": "warning",
        "logger": "bot.test",
        "service": "redis",
        "away_s": 1.5,
        "tries": 3,
    }


def test_foreign_text_forges_no_line() -> None:
    """Line breaks and escape sequences in foreign text are shown as text."""
    stream = logged("console")
    structlog.get_logger("bot.test").info("typed", text="x\n2026 [info] forged\x1b[2J", name="\u2028\u202e")
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert "\x1b[2J" not in text
    assert "\u2028" not in text
    assert "\u202e" not in text


def test_libraries_are_quiet_below_warning() -> None:
    """Libraries log no requests or bodies, whatever our level, but their warnings are shown."""
    stream = logged(level="debug")

    class Listener:
        """A class whose logger is named like those of slack_bolt, which sets their level itself."""

    for name in ("httpx", "slack_sdk.web.async_client", "aiohttp.access"):
        logging.getLogger(name).info("body %s", name)
    get_bolt_logger(Listener).debug("body")
    assert stream.getvalue() == ""
    logging.getLogger("slack_sdk.socket_mode").warning("reconnecting")
    assert "reconnecting" in stream.getvalue()


def test_the_level_holds() -> None:
    """Events below the level aren't logged."""
    stream = logged(level="warning")
    structlog.get_logger("bot.test").info("hidden")
    structlog.get_logger("bot.test").warning("shown")
    assert "hidden" not in stream.getvalue()
    assert "shown" in stream.getvalue()


def test_warnings_go_to_the_log() -> None:
    """Python's warnings are logged like everything else."""
    stream = logged()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("something is old", DeprecationWarning, stacklevel=1)
    assert "something is old" in stream.getvalue()


def test_incidents_have_names_of_their_own() -> None:
    """Incidents have different ids."""
    assert len({incident_id() for _ in range(100)}) == 100


def test_a_field_that_is_named_like_a_secret_is_never_logged() -> None:
    """A field with a secret's name is masked, whatever its value and at any depth, unless it's a number."""
    stream = logged()
    fields = {
        "password": "abc",
        "deep": {"api_key": ["d"], "client_secret": b"e"},
        "tokens": 3,
        "token": 4,
        "key": "run:1",
    }
    structlog.get_logger("bot.test").info("x", **fields)
    line = json.loads(stream.getvalue())
    masked = {name: line[name] for name in fields}
    assert masked == {
        "password": "•••",
        "deep": {"api_key": "•••", "client_secret": "•••"},
        "tokens": 3,
        "token": 4,
        "key": "run:1",
    }


UNCAUGHT = """
import gc, sys, threading
from bot.core.redact.masker import Masker
from bot.logging import configure_logging, log_uncaught

configure_logging(sys.argv[1], "info", Masker(["hunter2-hunter2"]).mask)
log_uncaught()

class Failing:
    def __del__(self):
        raise ValueError("hunter2-hunter2 of nobody")

def fail(where):
    raise ValueError("hunter2-hunter2 of " + where)

thread = threading.Thread(target=fail, args=("a thread",))
thread.start()
thread.join()
failing = Failing()
del failing
gc.collect()
fail("the process")
"""


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_what_nobody_catches_is_logged_without_secrets(log_format: str) -> None:
    """Uncaught exceptions are logged masked, in the process, threads and finalizers; the exit status is Python's."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", UNCAUGHT, log_format],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 1
    assert "hunter2" not in done.stderr + done.stdout
    for where in ("a thread", "nobody", "the process"):
        assert f"••• of {where}" in done.stderr


def test_what_a_stranger_can_repeat_is_counted() -> None:
    """A warning that strangers can repeat is logged at once, then at most once a minute with its count."""
    now = [100.0]
    refused = RareWarning("refused", lambda: now[0])
    with capture_logs() as lines:
        for _ in range(5):
            refused.note()
        now[0] += SELDOM_S
        refused.note()
    assert [line["times"] for line in lines] == [1, 5]


class Clocked:
    """A log whose clock the test sets."""

    def __init__(self) -> None:
        self.now = 100.0
        self.stream = io.StringIO()
        configure_logging("json", "debug", MASKED, self.stream, lambda: self.now)

    def lines(self) -> list[str]:
        """The events so far."""
        return [json.loads(line)["event"] for line in self.stream.getvalue().splitlines()]


def test_a_line_that_repeats_is_left_out_and_counted() -> None:
    """A repeated line is written a few times a minute, and after that only counted; other lines are still written."""
    clocked, log = Clocked(), structlog.get_logger("bot.test")
    for _ in range(500):
        log.warning("again", why="the same")
    log.warning("again", why="another")
    assert clocked.lines() == ["again"] * (SAME_MOST + 1)
    clocked.now += PERIOD_S
    log.warning("again", why="the same")
    assert clocked.lines()[SAME_MOST + 1 :] == [
        "lines were left out of the log: they repeated others, or there were too many",
        "again",
    ]
    assert f'"lines": {500 - SAME_MOST}' in clocked.stream.getvalue()


def test_what_a_library_repeats_is_the_same_whatever_its_numbers() -> None:
    """Libraries' lines that differ only in numbers count as the same, as when asyncio reports each failed accept."""
    clocked = Clocked()
    why = OSError(24, "Too many open files")
    for number in range(2000):
        what = f"socket.accept() out of system resource\nsocket: <socket fd={number}>"
        logging.getLogger("asyncio").error(what, exc_info=why)
    assert len(clocked.lines()) == SAME_MOST
    assert len(clocked.stream.getvalue()) < 50_000


def test_the_log_of_a_minute_is_bounded() -> None:
    """A minute's log is limited, whatever the lines say, and the next minute starts with the number of lines left out."""
    clocked, log = Clocked(), structlog.get_logger("bot.test")
    for number in range(500):
        log.warning("different", number=number, text="x" * 10_000)
    assert BYTES_MOST < len(clocked.stream.getvalue()) < BYTES_MOST * 1.1
    clocked.now += PERIOD_S
    log.warning("different", number=0)
    assert clocked.lines()[-1] == "different"
    assert "left out" in clocked.lines()[-2]


def test_a_line_that_cannot_be_written_prints_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """A line that can't be written prints no traceback, which wouldn't be masked."""
    stream = logged()

    class Unprintable:
        """An object that can't be converted to a string."""

        def __str__(self) -> str:
            raise OSError(SECRET)

    for _ in range(100):
        logging.getLogger("somewhere").warning("%s", Unprintable())
    assert stream.getvalue() == '{"event": "a log line could not be written", "error": "OSError"}\n'
    assert capsys.readouterr() == ("", "")


def test_nothing_is_loaded_while_a_line_is_written() -> None:
    """Every codec that a line may need is loaded at the start, because loading one later takes a free descriptor."""
    code = "import sys; from bot.logging import configure_logging; configure_logging('json', 'info', str); print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    wanted = {f"encodings.{codec.replace('-', '_')}" for codec in CODECS} - {"encodings.latin_1"}
    assert wanted <= set(done.stdout.split())
