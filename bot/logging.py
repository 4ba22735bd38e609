"""Logging: structured, masked, one line per event, dated by the replica's own clock.

Secrets are found by `bot.core.redact.masker`.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
import re
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.core.redact.masker import MASK

log = structlog.get_logger()

Mask = Callable[[str], str]

# Below WARNING, these repeat our own lines, or log bodies and addresses with tickets.
QUIET = ("httpx", "httpcore", "slack_bolt", "slack_sdk", "aiohttp", "asyncio")
# Fields with whole tracebacks, which keep their line breaks.
MANY_LINES = frozenset({"exception", "stack", "details"})
# Values of fields whose names match this are never logged, whatever they look like.
_SECRET_FIELD = re.compile(r"passw|secret|token$|api_?key|authorization|cookie", re.IGNORECASE)
SELDOM_S = 60.0
# The length of a period in seconds, and how many equal lines and how many bytes may be written in it.
PERIOD_S = 60.0
SAME_MOST = 10
BYTES_MOST = 2_000_000
# Python loads each codec from a file on first use: without file descriptors, a line couldn't be written.
CODECS = ("ascii", "utf-8", "latin-1", "unicode_escape", "idna", "punycode")
# Also characters that change a line's text direction in a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
# Numbers that differ between two otherwise equal lines: ids, times, memory addresses.
_NUMBER = re.compile(r"0x[0-9a-f]+|\d+", re.IGNORECASE)
_CONTROL_BUT_NEWLINE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class RareWarning:
    """Logs events that a stranger could repeat at will: at once, then once a minute at most, with their count."""

    def __init__(self, event: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._event = event
        self._clock = clock
        self._times = 0
        self._next = -SELDOM_S

    def note(self, **more: object) -> None:
        """Count another event. `more` is added to the log line, if one is written."""
        self._times += 1
        now = self._clock()
        if now >= self._next:
            structlog.get_logger().warning(self._event, times=self._times, **more)
            self._times, self._next = 0, now + SELDOM_S


class BoundedHandler(logging.StreamHandler[TextIO]):
    """Writes up to SAME_MOST equal lines and BYTES_MOST bytes per period, so that the log can't fill a disk.

    Lines count as equal if they differ only in time and traceback. In a library's lines, numbers may differ too. The
    number of lines left out is logged at the end of the period, or with the next line after it.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self._clock = clock
        self._until = float("-inf")
        self._times: dict[str, int] = {}
        self._bytes = 0
        self._left_out = 0
        self._broken_until = float("-inf")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, unless it's over the limit."""
        if self._clock() >= self._until:
            self._begin_period()
        if self._bytes > BYTES_MOST or self._repeats(record):
            self._left_out += 1
        else:
            super().emit(record)

    def _repeats(self, record: logging.LogRecord) -> bool:
        same = _sameness(record)
        times = self._times[same] = self._times.get(same, 0) + 1
        return times > SAME_MOST

    def format(self, record: logging.LogRecord) -> str:
        """Format a line and count its length."""
        line = super().format(record)
        self._bytes += len(line)
        return line

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Report a line that couldn't be written, once a period. The default would print an unmasked traceback."""
        now = self._clock()
        if now < self._broken_until:
            return
        self._broken_until = now + PERIOD_S
        kind = sys.exc_info()[0]
        try:
            self.stream.write(
                f'{{"event": "a log line could not be written", "error": "{kind.__name__ if kind else ""}"}}\n'
            )
            self.stream.flush()
        except (OSError, ValueError):
            # There's nowhere left to report it.
            del record

    def close(self) -> None:
        """Log how many lines were left out in the last period."""
        self._begin_period()
        super().close()

    def _begin_period(self) -> None:
        left_out, self._left_out = self._left_out, 0
        self._until, self._bytes = self._clock() + PERIOD_S, 0
        self._times.clear()
        if left_out:
            log.warning("lines were left out of the log: they repeated others, or there were too many", lines=left_out)


def _sameness(record: logging.LogRecord) -> str:
    """Return a key that is the same for equal lines."""
    if isinstance(record.msg, dict):
        said = {key: value for key, value in record.msg.items() if key not in {"timestamp", *MANY_LINES}}
        return f"{record.name} {said}"
    return f"{record.name} {_NUMBER.sub('#', str(record.msg))}"


def configure_logging(
    log_format: str,
    level: str,
    mask: Mask,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Log to standard error as `console` or `json`, for this package and the libraries.

    `mask` is applied to every text of every line, including tracebacks.
    """
    out = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _masking(mask),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Modules create their loggers when they're imported, which may be before this.
        cache_logger_on_first_use=False,
    )
    for codec in CODECS:
        codecs.lookup(codec)
    handler = BoundedHandler(out, clock)
    handler.addFilter(_quiet)
    handler.setFormatter(_formatter(log_format, shared, colors=out.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)


def _formatter(log_format: str, shared: Sequence[Processor], *, colors: bool) -> structlog.stdlib.ProcessorFormatter:
    """Format our own lines and those of the libraries. `shared` are the processors that have already handled ours."""
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=colors)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    )


@dataclass(frozen=True, slots=True)
class StartLines:
    """Writes lines about startup: as JSON log lines, or as plain text for people. The caller masks the lines."""

    log_format: str

    def fatal(self, line: str) -> None:
        """Write why the bot can't run."""
        if self.log_format == "json":
            log.critical("the bot can't run", why=line)
        else:
            sys.stderr.write(f"{line}\n")

    def warn(self, line: str) -> None:
        """Write a warning about a setting."""
        if self.log_format == "json":
            log.warning("a setting has a problem", why=line)
        else:
            sys.stderr.write(f"{line}\n")


def log_uncaught() -> None:
    """Log uncaught exceptions: Python itself would write them to standard error unmasked."""

    def told(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None, where: str) -> None:
        log.critical("uncaught exception", where=where, exc_info=(kind, error, trace))

    def of_the_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        told(kind, error, trace, "process")

    def of_a_thread(given: threading.ExceptHookArgs) -> None:
        told(given.exc_type, given.exc_value, given.exc_traceback, "thread")

    def of_no_one(given: sys.UnraisableHookArgs) -> None:
        told(given.exc_type, given.exc_value, given.exc_traceback, "clearing up")

    sys.excepthook = of_the_process
    sys.unraisablehook = of_no_one
    threading.excepthook = of_a_thread


def incident_id() -> str:
    """Return a short reference for one unexpected error, shown to the person and logged."""
    return secrets.token_hex(4)


def log_fault(where: str, error: BaseException) -> str:
    """Log an unexpected error under a short reference, which is shown to people."""
    reference = incident_id()
    details = "".join(traceback.format_exception(error))
    log.error("unexpected fault", reference=reference, where=where, error=repr(error), details=details)
    return reference


def log_end(task: asyncio.Task[None]) -> None:
    """Log the error that ended a task, if any."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log_fault(task.get_name(), error)


def _quiet(record: logging.LogRecord) -> bool:
    """Whether a record is logged. Decided here, because slack_bolt sets the levels of its own loggers."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in QUIET


def _masking(mask: Mask) -> Processor:
    def processor(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: value if key.startswith("_") else _shown(mask, key, value) for key, value in event.items()}

    return processor


def _shown(mask: Mask, key: str, value: object) -> object:
    """Return a value without secrets, and without characters that could forge a line or control a terminal."""
    match value:
        case bool() | int() | float() | None:
            return value
        case _ if _SECRET_FIELD.search(key):
            return MASK
        case Mapping():
            return {_shown(mask, key, str(name)): _shown(mask, str(name), one) for name, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_shown(mask, key, one) for one in value]
        case _:
            pattern = _CONTROL_BUT_NEWLINE if key in MANY_LINES else _CONTROL
            return pattern.sub(_escaped, mask(str(value)))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
