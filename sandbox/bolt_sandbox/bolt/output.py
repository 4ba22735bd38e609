"""Output of commands: dbt's, from the samples in logs/ with the run's times, and other programs'.

A log is a list of lines, each with its time in seconds since the command's start, so that it grows while the command
runs.

`bolt_sandbox.bolt.plan` decides which output a command has, unless `bolt_sandbox.bolt.catalog` specifies it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

LOGS = Path(__file__).parent / "logs"
STAMPED = re.compile(r"\x1b\[0m\d\d:\d\d:\d\d(?P<rest>.*)")
TIMING = re.compile(r"in 0 hours 0 minutes and \d+\.\d+ seconds \(\d+\.\d+s\)")
FIRST_PART, LAST_PART = 0.05, 0.95
NOISY_LINES = 24_000
LOGS_KEPT = 32
STDOUT, STDERR = "STDOUT", "STDERR"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a stream (`STDOUT`, `STDERR`), printed `at_s` seconds after the command's start."""

    at_s: float
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """A log's identity: kind, command, start, duration, and a seed that varies it.

    `prints` are its lines if it has lines of its own.
    """

    kind: str
    command: str
    started_at: datetime
    duration_s: float
    seed: int
    prints: tuple[str, ...] = ()


@lru_cache(maxsize=LOGS_KEPT)
def whole_log(source: Source) -> tuple[LogLine, ...]:
    """Return all lines that the command prints if it isn't stopped, in chronological order."""
    if source.prints:
        return _spread([(STDOUT, line) for line in source.prints], source)
    plain = PLAIN.get(source.kind)
    if plain is not None:
        return _spread(plain(source), source)
    return _spread([(STDOUT, line) for line in template(source.kind)], source)


def printed(source: Source, elapsed_s: float, *, stopped: bool = False) -> list[LogLine]:
    """Return the lines printed so far. A command that was stopped from outside says so on stderr."""
    lines = [line for line in whole_log(source) if line.at_s <= elapsed_s]
    if stopped:
        lines.append(LogLine(elapsed_s, STDERR, "Terminated"))
    return lines


def as_text(lines: list[LogLine], stream: str) -> str:
    """Join one stream's lines, or return an empty string if there are none."""
    return "".join(f"{line.text}\n" for line in lines if line.stream == stream)


@lru_cache(maxsize=LOGS_KEPT)
def template(name: str) -> tuple[str, ...]:
    """Return the lines of a sample. Raises FileNotFoundError if there's no such sample."""
    return tuple((LOGS / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def _spread(lines: list[tuple[str, str]], source: Source) -> tuple[LogLine, ...]:
    part_s = source.duration_s * (LAST_PART - FIRST_PART) / max(len(lines) - 1, 1)
    spread: list[LogLine] = []
    for index, (stream, text) in enumerate(lines):
        at_s = source.duration_s * FIRST_PART + part_s * index
        spread.append(LogLine(at_s, stream, _restamped(text, source, at_s)))
    return tuple(spread)


def _restamped(text: str, source: Source, at_s: float) -> str:
    stamped = STAMPED.fullmatch(text)
    if stamped is None:
        return text
    moment = source.started_at + timedelta(seconds=at_s)
    took = f"in 0 hours {int(source.duration_s // 60)} minutes and {source.duration_s % 60:.2f} seconds"
    rest = TIMING.sub(f"{took} ({source.duration_s:.2f}s)", stamped["rest"])
    return f"\x1b[0m{moment:%H:%M:%S}{rest}"


def _git_clone(_source: Source) -> list[tuple[str, str]]:
    return [
        (STDERR, "Cloning into '/home/bolt/project'..."),
        (STDOUT, "remote: Enumerating objects: 412, done."),
        (STDOUT, "Receiving objects: 100% (412/412), 96.31 KiB | 3.21 MiB/s, done."),
        (STDOUT, "HEAD is now at the requested commit"),
    ]


def _shell(source: Source) -> list[tuple[str, str]]:
    return [(STDOUT, f"+ {source.command}"), (STDOUT, "done")]


def _shell_error(source: Source) -> list[tuple[str, str]]:
    word = source.command.split(maxsplit=1)[0] if source.command.strip() else "sh"
    return [
        (STDOUT, f"+ {source.command}"),
        (STDERR, f"{word}: the command did not succeed"),
    ]


def _python(_source: Source) -> list[tuple[str, str]]:
    return [
        (STDOUT, "Connecting to the warehouse"),
        (STDOUT, "Exported 12,408 rows"),
        (STDOUT, "done"),
    ]


def _python_error(_source: Source) -> list[tuple[str, str]]:
    return [
        (STDOUT, "Connecting to the warehouse"),
        (STDOUT, "Exporting marts.fct_revenue (12,408 rows)"),
        (STDERR, "Traceback (most recent call last):"),
        (STDERR, '  File "/home/bolt/project/scripts/export.py", line 88, in <module>'),
        (STDERR, "    main()"),
        (STDERR, '  File "/home/bolt/project/scripts/export.py", line 71, in main'),
        (STDERR, "    upload(rows, partner=options.partner)"),
        (STDERR, '  File "/home/bolt/project/scripts/export.py", line 42, in upload'),
        (STDERR, "    raise UploadError(response.status_code, response.text)"),
        (STDERR, "UploadError: 403 the partner's bucket refused the upload"),
    ]


def _noisy(source: Source) -> list[tuple[str, str]]:
    lines = list(template("run-model-error"))
    chatter = random.Random(source.seed)  # noqa: S311 - nothing here is a real secret
    secrets = fake_secrets(source.seed)
    middle = [f"\x1b[0m00:00:00  {line}" for line in _debug_lines(chatter, secrets)]
    blocks_at = next(at for at, line in enumerate(lines) if "compiled code at" in line)
    leaks = [f"  While connecting with {secret}" for secret in secrets]
    whole = [*lines[:9], *middle, *lines[9:blocks_at], *leaks, *lines[blocks_at:]]
    return [(STDOUT, line) for line in whole]


def _debug_lines(chatter: random.Random, secrets: list[str]) -> list[str]:
    every = NOISY_LINES // (len(secrets) * 3)
    made: list[str] = []
    for index in range(NOISY_LINES):
        if index % every == every // 2:
            made.append(f"On model.shop.stg_orders: using {secrets[index // every % len(secrets)]}")
        else:
            made.append(
                f"On model.shop.stg_orders: batch {index:05d} of {NOISY_LINES} merged"
                f" {chatter.randrange(10, 9_999)} rows & <{chatter.randrange(1, 99)} *late*> `ones` from raw_orders"
            )
    return made


def fake_secrets(seed: int) -> list[str]:
    """Return made-up credentials of many forms, assembled here so that scanners don't find them in this file."""
    made = random.Random(seed)  # noqa: S311 - they don't give access to anything

    def word(
        length: int,
        letters: str = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789",
    ) -> str:
        return "".join(made.choice(letters) for _ in range(length))

    digits = "0123456789"
    return [
        "postgres" + f"://loader:{word(16)}@warehouse.example.com:5432/shop",
        "https" + f"://x-access-token:ghs_{word(36)}@github.com/acme/shop.git",
        f"token ghp_{word(36)}",
        f"token glpat-{word(20)}",
        f"token xoxb-{word(12, digits)}-{word(12, digits)}-{word(24)}",
        f"token xapp-1-A{word(10, digits)}-{word(13, digits)}-{word(40, 'abcdef0123456789')}",
        f"token prdm_wsp_{word(40)}",
        f"token prdm_cmp_{word(40)}",
        f"key AKIA{word(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}",
        f"AWS_SECRET_ACCESS_KEY={word(40)}",
        f"SNOWFLAKE_PASSWORD={word(18)}",
        f"api_key: {word(32)}",
        f"Authorization: Bearer {word(40)}",
    ]


def warehouse_refusal(outage: str) -> list[str]:
    """Return libpq's message for a warehouse that can't be reached: it refused the connection, or timed out."""
    server = '  connection to server at "warehouse.acme.example" (10.20.0.17), port 5432 failed: '
    if outage == "timeout":
        return [f"{server}timeout expired", "  "]
    return [
        f"{server}Connection refused",
        "  \tIs the server running on that host and accepting TCP/IP connections?",
        "  ",
    ]


def _unreachable(outage: str) -> Callable[[Source], list[tuple[str, str]]]:
    """Return dbt's output if it can't connect, as dbt 1.10 prints it."""

    def said(_source: Source) -> list[tuple[str, str]]:
        stamp = "\x1b[0m00:00:00"
        lines = [
            f"{stamp}  Running with dbt=1.10.23",
            f"{stamp}  Registered adapter: postgres=1.10.2",
            f"{stamp}  Found 5 models, 2 seeds, 4 data tests, 1 source, 476 macros",
            f"{stamp}  ",
            f"{stamp}  Concurrency: 4 threads (target='prod')",
            f"{stamp}  ",
            f"{stamp}  ",
            f"{stamp}  Finished running  in 0 hours 0 minutes and 0.16 seconds (0.16s).",
            f"{stamp}  Encountered an error:",
            "Database Error",
            *warehouse_refusal(outage),
        ]
        return [(STDOUT, line) for line in lines]

    return said


def _python_unreachable(outage: str) -> Callable[[Source], list[tuple[str, str]]]:
    def said(_source: Source) -> list[tuple[str, str]]:
        first, *more = [line.strip() for line in warehouse_refusal(outage) if line.strip()]
        return [
            (STDOUT, "Connecting to the warehouse"),
            (STDERR, "Traceback (most recent call last):"),
            (STDERR, '  File "/home/bolt/project/scripts/export.py", line 88, in <module>'),
            (STDERR, "    main()"),
            (STDERR, '  File "/home/bolt/project/scripts/export.py", line 64, in main'),
            (STDERR, "    connection = psycopg2.connect(dsn)"),
            (STDERR, f"psycopg2.OperationalError: {first}"),
            *((STDERR, f"\t{line}") for line in more),
        ]

    return said


PLAIN: dict[str, Callable[[Source], list[tuple[str, str]]]] = {
    "git-clone": _git_clone,
    "shell": _shell,
    "shell-error": _shell_error,
    "python": _python,
    "python-error": _python_error,
    "noisy": _noisy,
    **{f"warehouse-{outage}": _unreachable(outage) for outage in ("refused", "timeout")},
    **{f"python-warehouse-{outage}": _python_unreachable(outage) for outage in ("refused", "timeout")},
}
