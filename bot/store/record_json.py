"""Serialize frozen dataclasses to JSON and back. Unknown fields from another version are ignored."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


# Cached because building an adapter takes milliseconds and using it microseconds.
_ADAPTERS: dict[object, TypeAdapter[Any]] = {}


def _adapter(kind: object) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(cast("type[Any]", kind))
    return _ADAPTERS[kind]


def to_json(value: object) -> str:
    """Serialize a dataclass to JSON."""
    return _adapter(type(value)).dump_json(value, exclude_defaults=True).decode()


def from_json(kind: type[T], text: str) -> T:
    """Parse a dataclass from JSON. Raises pydantic's ValidationError if the text doesn't match."""
    value: T = _adapter(kind).validate_json(text)
    return value
