"""Serialize frozen dataclasses to JSON and back.

Unknown fields from another version are ignored, and a new field needs a default, because older records don't have it.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter

from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.incident import Incident
from bot.core.model.run import RunFacts

T = TypeVar("T")

# Fields that older versions store, and read, under another name.
STORED_NAMES: dict[type, dict[str, str]] = {
    Incident: {"uneditable_since": "fixed_at"},
    RunCommand: {"schedule_text": "schedule"},
    RetryCommand: {"schedule_text": "latest_of"},
    RunFacts: {"slug": "schedule", "followed_by": "watched_by"},
}


def keep_stored_names(kind: type, names: dict[str, str]) -> None:
    """Make pydantic store these fields under these names, wherever a record contains the dataclass."""
    config = ConfigDict(alias_generator=lambda name: names.get(name, name), serialize_by_alias=True)
    setattr(kind, "__pydantic_config__", config)  # noqa: B010 - pydantic's own attribute, unknown to mypy


for _kind, _names in STORED_NAMES.items():
    keep_stored_names(_kind, _names)

# Cached because building an adapter takes milliseconds, and using it takes microseconds.
_ADAPTERS: dict[object, TypeAdapter[Any]] = {}


def adapter_of(kind: object) -> TypeAdapter[Any]:
    """Return the adapter that serializes records of this kind. The adapter is built on first use."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(cast("type[Any]", kind))
    return _ADAPTERS[kind]


def to_json(value: object) -> str:
    """Serialize a dataclass to JSON."""
    return adapter_of(type(value)).dump_json(value, exclude_defaults=True, by_alias=True).decode()


def from_json(kind: type[T], text: str) -> T:
    """Parse a dataclass from JSON. Raises pydantic's ValidationError if the text doesn't match."""
    value: T = adapter_of(kind).validate_json(text)
    return value
