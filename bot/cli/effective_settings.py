"""Settings as `bolt-bot config` prints them: what each is, and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_type_hints

from pydantic import SecretStr

from bot.core.redact.masker import Masker
from bot.env_file import NETWORK_VARIABLES
from bot.environment import EnvFile, read_environment
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """A setting. `value` is masked, and None if it's unset or secret.

    `file` is the file that contains the value; `env_file` and `line` say where the value or that file's name is set.
    Paths are masked too.
    """

    name: str
    value: str | float | bool | None
    is_secret: bool
    is_set: bool
    source: Literal["default", "environment", "env file", "file"]
    file: str | None = None
    env_file: str | None = None
    line: int | None = None


def effective_settings(settings: Settings, env_file: EnvFile | None) -> list[EffectiveSetting]:
    """Return all settings, in the order in which they're declared, then proxies and certificates that are set."""
    mask = Masker(settings.secrets(), settings.patterns()).mask
    names = [field.upper() for field in Settings.model_fields]
    given = read_environment(names, env_file)
    env_path = mask(env_file.path) if env_file else None
    found = []
    for name in names:
        value, is_secret = getattr(settings, name.lower()), _is_secret(name.lower())
        path, line = given.files.get(name), given.env_lines.get(name)
        found.append(
            EffectiveSetting(
                name,
                None if is_secret else mask(str(value)) if isinstance(value, str | Path) else value,
                is_secret,
                value is not None,
                "file" if path else "env file" if line else "environment" if name in given.values else "default",
                mask(path) if path else None,
                env_path if line else None,
                line,
            )
        )
    return found + [_of_network(name, env_file, mask) for name in NETWORK_VARIABLES if os.environ.get(name)]


def _of_network(name: str, env_file: EnvFile | None, mask: Callable[[str], str]) -> EffectiveSetting:
    value = os.environ[name]
    shown = mask(value)
    if env_file is not None and env_file.values.get(name) == value:
        line = env_file.lines[name]
        return EffectiveSetting(name, shown, False, True, "env file", None, mask(env_file.path), line)  # noqa: FBT003 - a proxy's password is masked
    return EffectiveSetting(name, shown, False, True, "environment")  # noqa: FBT003 - as above


def as_json(setting: EffectiveSetting) -> dict[str, object]:
    """Return a setting as a JSON object."""
    return {
        "value": setting.value,
        "set": setting.is_set,
        "secret": setting.is_secret,
        "source": setting.source,
        **({"file": setting.file} if setting.file else {}),
        **({"env_file": setting.env_file, "line": setting.line} if setting.env_file else {}),
    }


def as_lines(settings: Sequence[EffectiveSetting]) -> list[str]:
    """Return each setting as one line of three columns."""
    rows = [(one.name, _shown(one), _source(one)) for one in settings]
    names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
    return [f"{name:{names}}  {value:{values}}  {source}" for name, value, source in rows]


def _shown(setting: EffectiveSetting) -> str:
    if not setting.is_set:
        return "unset"
    if setting.is_secret:
        return "set"
    if isinstance(setting.value, bool):
        return str(setting.value).lower()
    if isinstance(setting.value, float):
        return str(setting.value).removesuffix(".0")
    return _in_one_line(str(setting.value))


def _source(setting: EffectiveSetting) -> str:
    line = f"{_in_one_line(setting.env_file)} line {setting.line}" if setting.env_file else ""
    if setting.file:
        return f"file {_in_one_line(setting.file)}{f', named in {line}' if line else ''}"
    return f"env file {line}" if line else setting.source


def _in_one_line(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


def _is_secret(field: str) -> bool:
    # Decided by the declared type, because a setting that is unset has no value to look at.
    declared = get_type_hints(Settings)[field]
    return SecretStr in (declared, *get_args(declared))
