"""Logs: structured, masked, one line an event. A replica's wall clock is used here and nowhere else."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Mask = Callable[[str], str]

# These tell at INFO what we tell ourselves, or put addresses with tickets and tokens into the log.
QUIET = ("httpx", "httpcore", "slack_bolt", "slack_sdk", "aiohttp.access", "asyncio")


def configure(log_format: str, level: str, mask: Mask) -> None:
    """Log to standard error. `mask` is put over every text of every line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _masking(mask),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def incident_id() -> str:
    """A short name for one unexpected fault: the person is told it, and the log has it."""
    return secrets.token_hex(2)


def _masking(mask: Mask) -> Processor:
    def processor(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: _masked(mask, value) for key, value in event.items()}

    return processor


def _masked(mask: Mask, value: Any) -> Any:
    match value:
        case str():
            return mask(value)
        case dict():
            return {key: _masked(mask, one) for key, one in value.items()}
        case list() | tuple():
            return [_masked(mask, one) for one in value]
        case bool() | int() | float() | None:
            return value
        case logging.LogRecord():
            return value
        case _:
            return mask(str(value))
