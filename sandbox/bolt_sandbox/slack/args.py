"""Arguments of a Web API call, from a form or from JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bolt_sandbox.slack.model import Json, Refused, missing_argument

MAX_PAGE = 1000


class Args:
    """Arguments by name. In a form, all values are text, and structures are JSON."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        """Whether the call has this argument."""
        return name in self._values

    def names(self) -> list[str]:
        """Return the names of the arguments."""
        return sorted(self._values)

    def text(self, name: str, default: str = "") -> str:
        """Return a text argument."""
        value = self._values.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def need(self, name: str) -> str:
        """Return a required text argument. Raises Refused."""
        value = self.text(name)
        if not value:
            raise missing_argument(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean: true, "true" and "1" are True."""
        if name not in self._values:
            return default
        return str(self._values[name]).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """Return a whole number. Raises Refused if the value isn't a number."""
        try:
            return int(self._values.get(name, default))
        except (TypeError, ValueError):
            raise Refused(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] must be a number: {name}"]}
            ) from None

    def structure(self, name: str, error: str) -> Any:  # noqa: ANN401 - any JSON
        """Return a list or an object, or None if it's missing or empty. Raises Refused(error) if it isn't JSON."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(error) from None

    def objects(self, name: str, error: str) -> list[Json] | None:
        """Return a list of objects, or None if it's missing. Raises Refused(error) if it's anything else."""
        value = self.structure(name, error)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise Refused(error)
        return value

    def page(self, default: int) -> int:
        """Return the page size, 1 to 1000."""
        limit = self.number("limit", default)
        if limit < 1:
            raise Refused("invalid_limit")
        return min(limit, MAX_PAGE)
