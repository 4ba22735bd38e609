"""The one way in which tests wait: for a condition, with words for what was expected if it never holds."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from bolt_sandbox.slack import Workspace

T = TypeVar("T")

# This limit only detects a hang; it says nothing about speed, and is enough on a machine whose cores are all busy.
PATIENCE_S = 60.0
AGAIN_S = 0.02


def condition(holds: Callable[..., bool]) -> str:
    """Describe a condition for a failure's message: its source, and the strings and numbers that it uses."""
    try:
        source = " ".join(inspect.getsource(holds).split())
    except (OSError, TypeError):
        source = repr(holds)
    held = inspect.getclosurevars(holds).nonlocals if inspect.isfunction(holds) else {}
    plain = {name: value for name, value in held.items() if isinstance(value, str | int | float)}
    return f"{source} {plain}" if plain else source


@overload
async def eventually(
    expected: str,
    look: Callable[[], Awaitable[T]],
    holds: Callable[[T], bool] = ...,
    *,
    within_s: float = ...,
    every_s: float = ...,
) -> T: ...
@overload
async def eventually(
    expected: str,
    look: Callable[[], T],
    holds: Callable[[T], bool] = ...,
    *,
    within_s: float = ...,
    every_s: float = ...,
) -> T: ...
async def eventually(
    expected: str,
    look: Callable[[], Any],
    holds: Callable[[Any], bool] = bool,
    *,
    within_s: float = PATIENCE_S,
    every_s: float = AGAIN_S,
) -> Any:
    """Look repeatedly until the value seen meets the condition, and return the value.

    `expected` completes "waited for …". Raises AssertionError with that text and the last value seen.
    """
    deadline = time.monotonic() + within_s
    while True:
        seen = look()
        if inspect.isawaitable(seen):
            seen = await seen
        if holds(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within_s:g} s for {expected}; last seen: {seen!r}")
        await asyncio.sleep(every_s)


async def seen(
    workspace: Workspace,
    holds: Callable[[], bool],
    *,
    described: Callable[[], str] = lambda: "",
    within_s: float = PATIENCE_S,
) -> None:
    """Wait until a condition holds in the sandbox's workspace, checking after each of its changes.

    Raises AssertionError with the condition and what `described` returns.
    """
    try:
        await workspace.until(holds, timeout_s=within_s)
    except TimeoutError:
        raise AssertionError(f"waited {within_s:g} s for {condition(holds)}\n{described()}") from None
