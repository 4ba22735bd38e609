"""Read a `.env` file (`--env-file`) as python-dotenv does, but refuse lines that other programs read differently.

The bot must not start with half a password because a `#` began a comment. Errors name the line, never its content.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.environment import EnvFile, EnvFileError, UnreadableError, read_bytes
from bot.proxies import NO_PROXY_VARIABLES, PROXY_VARIABLES

if TYPE_CHECKING:
    from dotenv.parser import Binding

# Except line breaks and tabs, which people write as \n and \t.
CONTROL = re.compile(r"[\0-\x08\x0b-\x1f\x7f]")
# Variables that HTTP and TLS libraries read from the environment.
NETWORK_VARIABLES = (*PROXY_VARIABLES, *NO_PROXY_VARIABLES, "SSL_CERT_FILE", "SSL_CERT_DIR")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class _Line:
    """An assignment as written in the file."""

    number: int
    name: str
    value: str
    # The value with its quotes, if it has any.
    written: str


def read_env_file(path: str) -> EnvFile:
    """Read a file. Raises EnvFileError."""
    try:
        text = _decoded(read_bytes(Path(path)))
        found = _assignments(text)
    except UnreadableError as error:
        raise EnvFileError(f"--env-file {path}: {error}") from None
    return EnvFile(path, {one.name: one.value for one in found}, {one.name: one.number for one in found})


def export_network_variables(file: EnvFile) -> None:
    """Let this process's HTTP clients find the proxies and certificates of a file, unless the environment sets them."""
    for name in NETWORK_VARIABLES:
        either = (name.lower(), name.upper())
        if file.values.get(name) and not any(os.environ.get(one) for one in either):
            os.environ[name] = file.values[name]


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"line {number} isn't UTF-8 text") from None


def _assignments(text: str) -> tuple[_Line, ...]:
    from dotenv.parser import parse_stream  # noqa: PLC0415 - a health check without such a file needn't import it

    found: dict[str, _Line] = {}
    for binding in parse_stream(io.StringIO(text)):
        line = _line(binding)
        if line is None:
            continue
        for fault in _faults(line):
            raise UnreadableError(f"line {line.number} {fault}")
        if line.name in found:
            raise UnreadableError(
                f"line {line.number} sets {line.name} again, after line {found[line.name].number}: keep one of them"
            )
        found[line.name] = line
    return tuple(found.values())


def _line(binding: Binding) -> _Line | None:
    """Return the assignment, or None for a comment or a blank line. Raises UnreadableError if it's none of these."""
    # The parsed text begins with the blank lines before the assignment.
    written = binding.original.string.lstrip()
    blank = binding.original.string[: len(binding.original.string) - len(written)]
    number = binding.original.line + len(re.findall(r"\r\n|\r|\n", blank))
    if binding.error:
        raise UnreadableError(f"line {number} isn't of the form NAME=value, or a quote isn't closed")
    if binding.key is None:
        return None
    if not NAME.fullmatch(binding.key):
        raise UnreadableError(f"line {number} doesn't begin with a variable's name")
    if binding.value is None:
        raise UnreadableError(f"line {number} has no =")
    return _Line(number, binding.key, binding.value.strip(), written.partition("=")[2].strip())


def _faults(line: _Line) -> Iterator[str]:
    quote = line.written[:1] if line.written[:1] in {"'", '"'} else ""
    if not quote and re.search(r"\s#", f" {line.written}"):
        yield f"has a # after {line.name}=: put the value in quotes if the # is part of it, or put the comment on a line of its own"
    if quote != "'" and re.search(r"\$\{|\$\(", line.value):
        yield f"has ${{…}} or $(…) in {line.name}, which isn't expanded: put the value in single quotes if it's meant literally"
    if quote == '"' and re.search(r"\\[^\\\"nt]", line.written.replace("\\\\", "")):
        yield f"has a backslash in double quotes in {line.name}: put the value in single quotes if it's meant literally"
    if quote == "'" and "\\\\" in line.written:
        yield f"has two backslashes in single quotes in {line.name}, which count as one: put the value in double quotes, and write each backslash twice"
    if CONTROL.search(line.value):
        yield f"has a control character in {line.name}: remove it"
    if quote and (swallowed := re.search(r"\n\s*(?:export\s+)?([A-Z][A-Z0-9_]*)=", line.value)):
        yield f"opens a quote that isn't closed before the line with {swallowed[1]}=: close it above that line"
