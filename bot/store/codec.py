"""Frozen dataclasses to JSON and back, tolerant of fields that another version knows."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def dump(value: object) -> str:
    """A dataclass as JSON."""
    return _adapter(type(value)).dump_json(value, exclude_defaults=True).decode()


def load(kind: type[T], text: str) -> T:
    """A dataclass from JSON. Raises pydantic's ValidationError for what is no such thing."""
    value: T = _adapter(kind).validate_json(text)
    return value
