"""The form that starts a run: opened, completed once a schedule is chosen, and read when submitted.

`bot.core.schedules.run_form` decides which fields are invalid; `bot.slack.blocks.form` lays out the form.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from cachetools import LRUCache

from bot.core.model.bolt import Schedule
from bot.core.model.command import RunCommand
from bot.core.model.errors import BoltError
from bot.core.schedules.run_form import (
    Filled,
    Form,
    Own,
    Problems,
    Stale,
    changed_note,
    is_changed,
    lines_of,
    own_commands,
    read,
)
from bot.core.schedules.typeahead import Offers
from bot.core.text.text import Sentence, When
from bot.flows.ports.bolt import Bolt
from bot.flows.schedule_catalog import CatalogSnapshot, ScheduleCatalog

log = structlog.get_logger()

TYPED_MOST = 200
# How long to wait for a new list while someone types: with an outdated list to fall back on, and without any.
TYPING_S = 0.15
FIRST_S = 2.0
SUBMITTING_S = 0.7
REMEMBERED = 500

GONE = "That schedule is no longer in Bolt. Choose another one."
NO_LIST = "Bolt isn't responding, so I can't look up this schedule. Nothing was started. Try again in a minute."

# Returns why the person may not see a schedule's commands, or an empty string if they may.
WhyNot = Callable[[Schedule], Awaitable[str]]


class RunForms:
    """Builds the form and reads it. `mask` is applied to the commands shown."""

    def __init__(self, catalog: ScheduleCatalog, bolt: Bolt, *, mask: Callable[[str], str]) -> None:
        self._catalog = catalog
        self._bolt = bolt
        self._mask = mask
        self._details: LRUCache[str, tuple[str, ...]] = LRUCache(REMEMBERED)

    async def blank_form(self, channel: str) -> Form:
        """Build the initial form without waiting, because the trigger that opens it is valid for three seconds."""
        snapshot = await self._catalog.snapshot()
        return Form(Filled(channel=channel), asks_channel=not channel, notes=list_notes(snapshot))

    async def offer_schedules(self, typed: str) -> Offers:
        """Offer schedules for the typed text."""
        return (await typing_snapshot(self._catalog)).index.offers(typed[:TYPED_MOST], self._mask)

    async def form_for_schedule(self, filled: Filled, why_not: WhyNot, *, asks_channel: bool) -> Form:
        """Complete the form with the chosen schedule's commands, if the person may see them.

        Text that the person has written there is kept.
        """
        snapshot, schedule = await find_offered(self._catalog, filled.schedule, within_s=FIRST_S)
        if schedule is None:
            gone = filled.schedule and snapshot.sure
            return Form(filled, asks_channel=asks_channel, notes=((GONE,),) if gone else list_notes(snapshot))
        why = await why_not(schedule)
        if why:
            bare = filled if is_changed(filled) else replace(filled, commands=None, mark="", offered="")
            offer = snapshot.index.offer(schedule, self._mask)
            return Form(bare, offer, asks_channel=asks_channel, notes=((why,),))
        form = self._form(filled, snapshot, schedule, await self._own(schedule), asks_channel=asks_channel)
        form = replace(form, notes=list_notes(snapshot))
        return replace(form, kept=True) if is_changed(filled) else _offering(form)

    async def read_form(self, filled: Filled, why_not: WhyNot, *, asks_channel: bool) -> RunCommand | Problems | Form:
        """Read a submitted form: the command, its problems, or the form again if its commands are outdated."""
        snapshot, schedule = await find_offered(self._catalog, filled.schedule, within_s=SUBMITTING_S)
        if schedule is None:
            return _unknown(filled, snapshot)
        own = self._known(schedule)
        result = read(filled, schedule.slug, own)
        if not isinstance(result, Stale):
            return result
        why = await why_not(schedule)
        if why:
            return Problems({"schedule": why})
        form = _offering(self._form(filled, snapshot, schedule, own, asks_channel=asks_channel))
        return replace(form, notes=(changed_note(form),))

    def _form(
        self, filled: Filled, snapshot: CatalogSnapshot, schedule: Schedule, own: Own | None, *, asks_channel: bool
    ) -> Form:
        offer, branch = snapshot.index.offer(schedule, self._mask), self._mask(schedule.git_branch or "")
        return Form(filled, offer, own, branch, asks_channel=asks_channel)

    async def _own(self, schedule: Schedule) -> Own | None:
        """The schedule's own commands, read from Bolt if the list doesn't have them. None if they're unknown."""
        if not schedule.commands:
            try:
                commands = (await self._bolt.schedule(schedule.slug)).commands
            except BoltError as error:
                log.info("a schedule's commands can't be read", schedule=schedule.slug, why=error.sentence)
                return None
            self._details[schedule.slug] = commands
        return self._known(schedule)

    def _known(self, schedule: Schedule) -> Own | None:
        commands = schedule.commands or self._details.get(schedule.slug, ())
        return own_commands(schedule.slug, commands, self._mask) if commands else None


async def typing_snapshot(catalog: ScheduleCatalog) -> CatalogSnapshot:
    """The list of schedules to offer while somebody types."""
    snapshot = await catalog.snapshot(within_s=TYPING_S)
    return snapshot if snapshot.at is not None else await catalog.snapshot(within_s=FIRST_S)


async def find_offered(
    catalog: ScheduleCatalog, handle: str, *, within_s: float
) -> tuple[CatalogSnapshot, Schedule | None]:
    """Find the schedule of a handle.

    If the list lacks the schedule, another process may have offered it from a newer list, so the list is read again.
    """
    snapshot = await catalog.snapshot()
    schedule = snapshot.index.by_handle(handle)
    if schedule is None:
        snapshot = await catalog.snapshot(within_s=within_s, refresh=True)
        schedule = snapshot.index.by_handle(handle)
    return snapshot, schedule


def _unknown(filled: Filled, snapshot: CatalogSnapshot) -> RunCommand | Problems:
    """Read a form whose schedule isn't in the list. If the list may be outdated, the slug alone is enough."""
    slug = filled.schedule
    result = read(filled, slug, None)
    found = result.fields if isinstance(result, Problems) else {}
    if not slug or snapshot.sure:
        return Problems({"schedule": GONE, **found})
    if slug.startswith("#") or not _seen(filled, slug):
        return Problems({"schedule": NO_LIST, **found})
    return Problems(found) if isinstance(result, Stale | Problems) else result


def _seen(filled: Filled, slug: str) -> bool:
    """Whether it's certain, without a list, that the form has this schedule's commands, or the person's own."""
    if filled.commands is None or is_changed(filled):
        return True
    return filled.mark == Own(slug, tuple(lines_of(filled.commands))).mark


def _offering(form: Form) -> Form:
    """Fill the form with the schedule's own commands."""
    own = form.own
    text, mark, offered = (own.text, own.mark, own.offered) if own else ("", "", "")
    return replace(form, filled=replace(form.filled, commands=text, mark=mark, offered=offered), kept=False)


def list_notes(snapshot: CatalogSnapshot) -> tuple[Sentence, ...]:
    """The form's notes about a list of schedules that is out of date or missing because Bolt doesn't respond."""
    if not snapshot.late:
        return ()
    if snapshot.at is None:
        return (("Bolt isn't responding, so there are no schedules to choose from yet.",),)
    return (("Bolt isn't responding. This list of schedules is from ", When(snapshot.at), "."),)
