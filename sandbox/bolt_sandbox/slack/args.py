"""The arguments of a Web API call, whether they came as a form or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bolt_sandbox.slack.model import Json, Refused, missing_argument

MAX_PAGE = 1000


class Args:
    """Arguments by name. In a form everything is text, and structures are JSON inside it."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        """Whether the call had that argument."""
        return name in self._values

    def names(self) -> list[str]:
        """Which arguments there are."""
        return sorted(self._values)

    def text(self, name: str, default: str = "") -> str:
        """A text argument."""
        value = self._values.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def need(self, name: str) -> str:
        """A text argument without which the call is refused."""
        value = self.text(name)
        if not value:
            raise missing_argument(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A yes or no: true, "true" and "1" are yes."""
        if name not in self._values:
            return default
        return str(self._values[name]).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """A whole number. Raises Refused where it is none."""
        try:
            return int(self._values.get(name, default))
        except (TypeError, ValueError):
            raise Refused(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] must be a number: {name}"]}
            ) from None

    def structure(self, name: str, error: str) -> Any:  # noqa: ANN401 - what JSON holds
        """A list or an object; None where it is absent or empty text. Raises Refused(error) where it is not JSON."""
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
        """A list of objects; None where it is absent. Raises Refused(error) where it is anything else."""
        value = self.structure(name, error)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise Refused(error)
        return value

    def page(self, default: int) -> int:
        """How many objects a page may have, 1 to 1000."""
        limit = self.number("limit", default)
        if limit < 1:
            raise Refused("invalid_limit")
        return min(limit, MAX_PAGE)
