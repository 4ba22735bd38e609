"""Small rules that the Block Kit validator is built from.

A rule checks one value and returns its problems, in the words of Slack's `response_metadata.messages`, with a JSON
pointer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Problems = Iterator[str]
Rule = Callable[[Any, str], Problems]
"""A function from (value, pointer) to problems."""


def problem(words: str, pointer: str) -> str:
    """Format one problem as Slack does."""
    return f"[ERROR] {words} [json-pointer:{pointer}]"


def string(most: int | None = None, least: int = 0) -> Rule:
    """Text of limited length."""

    def rule(value: Any, pointer: str) -> Problems:  # noqa: ANN401
        if not isinstance(value, str):
            yield problem("must be a string", pointer)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", pointer)
        elif most is not None and len(value) > most:
            yield problem(f"must be less than {most + 1} characters", pointer)

    return rule


def one_of(*allowed: Any) -> Rule:  # noqa: ANN401
    """One of a few values."""

    def rule(value: Any, pointer: str) -> Problems:  # noqa: ANN401
        if value not in allowed:
            yield problem(f"must be one of: {', '.join(map(str, allowed))}", pointer)

    return rule


def boolean(value: Any, pointer: str) -> Problems:  # noqa: ANN401
    """True or false."""
    if not isinstance(value, bool):
        yield problem("must be a boolean", pointer)


def number(least: int | None = None, most: int | None = None) -> Rule:
    """A whole number within bounds."""

    def rule(value: Any, pointer: str) -> Problems:  # noqa: ANN401
        if isinstance(value, bool) or not isinstance(value, int):
            yield problem("must be an integer", pointer)
        elif least is not None and value < least:
            yield problem(f"must be more than {least - 1}", pointer)
        elif most is not None and value > most:
            yield problem(f"must be less than {most + 1}", pointer)

    return rule


def anything(value: Any, pointer: str) -> Problems:  # noqa: ANN401, ARG001
    """Any value."""
    return iter(())


def items(rule: Rule, least: int = 0, most: int | None = None) -> Rule:
    """A list of limited length, with a rule for each item."""

    def check(value: Any, pointer: str) -> Problems:  # noqa: ANN401
        if not isinstance(value, list):
            yield problem("must be an array", pointer)
            return
        if len(value) < least:
            yield problem(f"must have at least {least} items", pointer)
        if most is not None and len(value) > most:
            yield problem(f"no more than {most} items allowed", pointer)
        for index, each in enumerate(value):
            yield from rule(each, f"{pointer}/{index}")

    return check


def fields(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *, more: bool = False) -> Rule:
    """An object with these fields. `more` allows others."""
    known = {**required, **(optional or {})}

    def check(value: Any, pointer: str) -> Problems:  # noqa: ANN401
        if not isinstance(value, dict):
            yield problem("must be an object", pointer)
            return
        for name in required:
            if value.get(name) is None:
                yield problem(f"missing required field: {name}", pointer)
        for name, each in value.items():
            if name in known:
                yield from known[name](each, f"{pointer}/{name}") if each is not None else ()
            elif not more:
                yield problem(f"invalid additional property: {name}", pointer)

    return check


def by_type(kinds: Mapping[str, Rule]) -> Rule:
    """An object whose `type` selects the rule."""

    def check(value: Any, pointer: str) -> Problems:  # noqa: ANN401
        if not isinstance(value, dict):
            yield problem("must be an object", pointer)
            return
        rule = kinds.get(str(value.get("type")))
        if rule is None:
            yield problem(f"unsupported type: {value.get('type')}", f"{pointer}/type")
            return
        yield from rule(value, pointer)

    return check


def both(*rules: Rule) -> Rule:
    """All of the rules."""

    def check(value: Any, pointer: str) -> Problems:  # noqa: ANN401
        for rule in rules:
            yield from rule(value, pointer)

    return check


def any_field_of(*names: str) -> Rule:
    """At least one of the fields."""

    def check(value: Any, pointer: str) -> Problems:  # noqa: ANN401
        if isinstance(value, dict) and not any(value.get(name) for name in names):
            yield problem(f"missing required field: {' or '.join(names)}", pointer)

    return check
