"""One reference to what may be replaced."""

from __future__ import annotations

import asyncio

from bot.core.model.current import Current


async def test_a_replacement_is_seen_by_all_but_who_pinned_the_one_before() -> None:
    """Also in what is awaited and in tasks that are made meanwhile; afterwards, the newest one counts."""
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
    """What a task does that has nothing pinned."""
    current.replace("new")
