"""The environment's settings as text: each from its variable, or from a file that another variable names.

Imports next to nothing, so that a health check, which runs every few seconds, starts fast.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SUFFIX = "_FILE"
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class EnvironmentValues:
    """What the environment sets, by variable. `files` has the paths of those that come from a file.

    `problems` has a line for each setting whose value can't be known. It quotes neither a value nor a path, which may
    be a secret that was meant for the other variable.
    """

    values: dict[str, str]
    files: dict[str, str]
    problems: dict[str, str]


class _UnreadableError(ValueError):
    """A file has no value. The message says why."""


def file_variable(name: str) -> str | None:
    """Return the variable that names the file with a setting's value. None if the setting names a file itself."""
    return None if name.endswith(SUFFIX) else f"{name}{SUFFIX}"


def read_environment(names: Iterable[str]) -> EnvironmentValues:
    """Read these settings, without the whitespace around their values. A blank variable counts as unset."""
    found = EnvironmentValues({}, {}, {})
    for name in names:
        other = file_variable(name)
        value, path = _variable(name), _variable(other) if other else ""
        if value and path:
            found.problems[name] = f"{name} and {other} are both set: keep one of them"
        elif path:
            found.files[name] = path
            try:
                found.values[name] = _read(Path(path))
            except _UnreadableError as error:
                found.problems[name] = f"{other}: {error}"
        elif value:
            found.values[name] = value
    return found


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()


def _read(path: Path) -> str:
    try:
        # A pipe could make the start wait forever, and a device may have no end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _UnreadableError("that isn't a regular file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        # Editors on Windows begin a file with a byte order mark.
        text = content.decode("utf-8-sig").strip()
    except OSError as error:
        raise _UnreadableError(f"the file can't be read ({error.strerror or 'no reason given'})") from None
    except UnicodeDecodeError:
        raise _UnreadableError("the file can't be read (it isn't UTF-8 text)") from None
    if len(content) > MOST_BYTES:
        raise _UnreadableError(f"the file is larger than {MOST_BYTES // 1024} kB")
    if not text:
        raise _UnreadableError("the file is empty")
    if "\0" in text:
        raise _UnreadableError("the file contains a NUL character")
    return text
