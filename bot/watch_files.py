"""The owners file and the watches file that the settings name.

`BOLT_BOT_OWNERS_FILE` lists the owners of schedules, and `BOLT_BOT_WATCHES_FILE` lists the watches of each channel.

`bot.core.watching.owners_file` and `bot.core.watching.watches_file` parse these files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bot.core.text.yaml_file import YamlFileError
from bot.core.watching.owners import Owners
from bot.core.watching.owners_file import read_owners
from bot.core.watching.watches_file import FileWatch, read_watches

T = TypeVar("T")


def load_owners(file: str | Path | None) -> Owners:
    """Load the owners in a file, or none if no file is given. Raises YamlFileError."""
    return Owners() if file is None else _load(file, read_owners)


def load_watches(file: str | Path | None) -> tuple[FileWatch, ...]:
    """Load the watches in a file, or none if no file is given. Raises YamlFileError."""
    return () if file is None else _load(file, read_watches)


def _load(file: str | Path, read: Callable[[str], T]) -> T:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise YamlFileError((f"the file can't be read ({error.strerror or 'no reason given'})",)) from None
    except ValueError:
        raise YamlFileError(("the file can't be read (it isn't UTF-8 text)",)) from None
    return read(text)
