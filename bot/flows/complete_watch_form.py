"""The form for a watch: opening it, filling its menu while somebody types, and reading it when it's submitted.

`bot.core.watching.watch_form` decides which fields are invalid; `bot.slack.blocks.watch_form` lays out the form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.model.command import WatchCommand
from bot.core.model.watch import Watch
from bot.core.schedules.typeahead import Offers
from bot.core.text.message import Message
from bot.core.views.watches import in_file, no_such_watch
from bot.core.watching.watch_form import CHOOSE_ONE, Filled, Form, Problems, filled_from, offers, read
from bot.flows.complete_run_form import (
    GONE,
    SUBMITTING_S,
    TYPED_MOST,
    find_offered,
    list_notes,
    typing_snapshot,
)
from bot.flows.ports.watch_store import Watches
from bot.flows.schedule_catalog import ScheduleCatalog

NO_LIST = "Bolt isn't responding, so I can't look up this schedule. Nothing was changed. Try again in a minute."


@dataclass(frozen=True, slots=True)
class ReadForm:
    """The watch that a form asks for: a new one, as the command would make it, or a change of `watch`."""

    command: WatchCommand
    watch: Watch | None = None


class WatchForms:
    """Builds the form and reads it. `mask` is applied to names. All methods raise StoreUnavailable."""

    def __init__(
        self, catalog: ScheduleCatalog, watches: Watches, *, slash_command: str, mask: Callable[[str], str]
    ) -> None:
        self._catalog = catalog
        self._watches = watches
        self._slash_command = slash_command
        self._mask = mask

    async def form(self, channel: str, number: int | None) -> Form | Message:
        """Build the form of a new watch, or of one to edit, without waiting for Bolt; or say why there's none."""
        if number is None:
            return Form(Filled(channel), notes=list_notes(await self._catalog.snapshot()))
        watch = await self._find(channel, number)
        if watch is None:
            return no_such_watch(str(number), self._slash_command)
        return in_file(watch) if watch.is_from_file else Form(filled_from(watch), watch)

    async def offer_patterns(self, typed: str) -> Offers:
        """Offer schedules and patterns for the typed text."""
        return offers((await typing_snapshot(self._catalog)).index, typed[:TYPED_MOST], self._mask)

    async def read_form(self, filled: Filled) -> ReadForm | Problems | Message:
        """Read a submitted form: what it asks for, its problems, or that the watch is gone."""
        if filled.number is not None:
            watch = await self._find(filled.channel, filled.number)
            if watch is None:
                return no_such_watch(str(filled.number), self._slash_command)
            result = read(filled, watch.pattern)
            return result if isinstance(result, Problems) else ReadForm(result, watch)
        pattern = await self._pattern(filled.schedule)
        result = read(filled, pattern if isinstance(pattern, str) else "")
        if isinstance(pattern, Problems):
            found = result.fields if isinstance(result, Problems) else {}
            return Problems({**found, **pattern.fields})
        return result if isinstance(result, Problems) else ReadForm(result)

    async def _find(self, channel: str, number: int) -> Watch | None:
        found = await self._watches.all_watches()
        return next((one for one in found if (one.channel, one.number) == (channel, number)), None)

    async def _pattern(self, handle: str) -> str | Problems:
        """The slug of an offered schedule, or the pattern as it was offered."""
        if not handle:
            return Problems({"schedule": CHOOSE_ONE})
        if any(sign in handle for sign in "*?["):
            known = (await self._catalog.snapshot()).index.by_handle(handle)
            return known.slug if known is not None else handle
        snapshot, schedule = await find_offered(self._catalog, handle, within_s=SUBMITTING_S)
        if schedule is not None:
            return schedule.slug
        return Problems({"schedule": GONE if snapshot.sure else NO_LIST})
