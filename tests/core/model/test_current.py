"""A shared reference to a value that may be replaced."""

from __future__ import annotations

import asyncio

from bot.core.model.current import Current


async def test_a_replacement_is_seen_by_all_but_who_pinned_the_one_before() -> None:
    """A pinned value stays the same across awaits and in new tasks until the pin ends; others see the new one."""
    current: Current[str | None] = Current(None)
    heard: list[str | None] = []
    current.when_replaced(lambda: heard.append(current.value))
    replaced = asyncio.Event()

    async def read() -> str | None:
        await replaced.wait()
        return current.value

    with current.pinned() as value:
        assert value is None
        inside = asyncio.create_task(read())
        await asyncio.sleep(0)
        outside = asyncio.create_task(elsewhere(current))
        await outside
        replaced.set()
        assert await inside is None
        with current.pinned() as again:
            assert again is None
    assert current.value == "new"
    assert heard == [None]


async def elsewhere(current: Current[str | None]) -> None:
    """Replace the value in a task of its own."""
    current.replace("new")
