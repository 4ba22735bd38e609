"""Frozen dataclasses to JSON and back, tolerant of fields that another version knows."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


# Building one costs milliseconds, using it microseconds.
_ADAPTERS: dict[object, TypeAdapter[Any]] = {}


def _adapter(kind: object) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(cast("type[Any]", kind))
    return _ADAPTERS[kind]


def to_json(value: object) -> str:
    """A dataclass as JSON."""
    return _adapter(type(value)).dump_json(value, exclude_defaults=True).decode()


def from_json(kind: type[T], text: str) -> T:
    """A dataclass from JSON. Raises pydantic's ValidationError for what is no such thing."""
    value: T = _adapter(kind).validate_json(text)
    return value
