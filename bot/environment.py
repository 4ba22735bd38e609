"""The settings as text: each from its variable in the environment or in a `.env` file, or from a file that it names.

Imports next to nothing, so that a health check, which runs every few seconds, starts fast.

`bot.settings` lists the settings, and `bot.load_settings` checks them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SUFFIX = "_FILE"
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class EnvFile:
    """A `.env` file's variables, and the line of each. Settings in the environment, in either form, take precedence."""

    path: str
    values: Mapping[str, str]
    lines: Mapping[str, int]


class EnvFileError(ValueError):
    """A `.env` file can't be used. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class EnvironmentValues:
    """The values that are set, by setting. `files` has the path of each value that was read from a file.

    `env_lines` has the `.env` file's line number for each setting that it sets, directly or by naming a file.
    `problems` has a line for each setting whose value can't be determined. No line quotes a value or a path:
    a path may be a secret that was meant for the other variable.
    """

    values: dict[str, str]
    files: dict[str, str]
    env_lines: dict[str, int]
    problems: dict[str, str]


class UnreadableError(Exception):
    """A file can't be read, or contains no value. The message says why."""


def file_variable(name: str) -> str | None:
    """Return the variable that names the file with a setting's value, or None if the setting itself names a file."""
    return None if name.endswith(SUFFIX) else f"{name}{SUFFIX}"


def read_environment(names: Iterable[str], env_file: EnvFile | None = None) -> EnvironmentValues:
    """Read these settings, without the whitespace around their values. A blank variable counts as unset."""
    found = EnvironmentValues({}, {}, {}, {})
    for name in names:
        if _read_setting(found, name, os.environ) or env_file is None:
            continue
        if other := _read_setting(found, name, env_file.values):
            found.env_lines[name] = env_file.lines[other]
    return found


def read_variable(name: str, env_file: EnvFile | None = None) -> str | None:
    """Read one setting without the details of where it's set. Returns None if it's unset."""
    return read_environment([name], env_file).values.get(name)


def _read_setting(found: EnvironmentValues, name: str, variables: Mapping[str, str]) -> str | None:
    """Read a setting. Returns the variable that sets it, or None if none does."""
    other = file_variable(name)
    value, path = _variable(variables, name), _variable(variables, other) if other else ""
    if value and path:
        found.problems[name] = f"{name} and {other} are both set: keep one of them"
    elif path:
        found.files[name] = path
        try:
            found.values[name] = _read(Path(path))
        except UnreadableError as error:
            found.problems[name] = f"{other}: {error}"
    elif value:
        found.values[name] = value
    return name if value else other if path else None


def _variable(variables: Mapping[str, str], name: str) -> str:
    return variables.get(name, "").strip()


def _read(path: Path) -> str:
    try:
        # Some editors on Windows begin a file with a byte order mark.
        text = read_bytes(path).decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise UnreadableError("the file can't be read (it isn't UTF-8 text)") from None
    if not text:
        raise UnreadableError("the file is empty")
    if "\0" in text:
        raise UnreadableError("the file contains a NUL character")
    return text


def read_bytes(path: Path) -> bytes:
    """Read a small file. Raises UnreadableError."""
    try:
        # A pipe could make the start wait forever, and a device may have no end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableError("the path doesn't name a regular file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"the file can't be read ({error.strerror or 'no reason given'})") from None
    except ValueError:
        raise UnreadableError("the path isn't valid") from None
    if len(content) > MOST_BYTES:
        raise UnreadableError(f"the file is larger than {MOST_BYTES // 1024} kB")
    return content
