"""The form for a watch that is new, is being edited, or no longer exists."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.command import WatchCommand
from bot.core.model.errors import BoltNotSent
from bot.core.model.watch import Quiet, Watch
from bot.core.text.message import Message
from bot.core.watching.watch_form import CHOOSE_ONE, Filled, Form, Problems
from bot.core.watching.watch_of_command import LATE_S, SLOW
from bot.flows.complete_run_form import GONE
from bot.flows.complete_watch_form import NO_LIST, ReadForm, WatchForms
from bot.flows.watch_schedules import PlannedWatch, StoredWatch
from tests.core.views.plain import said
from tests.flows.stage import ADA, BOB, CHANNEL
from tests.flows.watch_stage import NOW, WatchStage


@pytest.fixture
def stage(redis_client: Redis) -> WatchStage:
    """Two schedules, and everybody may watch them."""
    return WatchStage(redis_client)


@pytest.fixture
def forms(stage: WatchStage) -> WatchForms:
    """The watch forms, with the stage's schedules and watches."""
    return WatchForms(stage.stage.catalog, stage.store, slash_command="/bolt", mask=str)


async def form_of(forms: WatchForms, number: int) -> Filled:
    """The contents of a watch's form when it opens."""
    form = await forms.form(CHANNEL, number)
    assert isinstance(form, Form)
    return form.filled


async def submit(stage: WatchStage, forms: WatchForms, filled: Filled, user: str = BOB) -> StoredWatch | Message:
    """Submit a form without any fault in it."""
    form = await forms.read_form(filled)
    assert isinstance(form, ReadForm)
    attempt = stage.attempt(form.command, user)
    watcher = stage.watcher
    planned = await (
        watcher.plan_change(attempt, form.watch, form.command) if form.watch else watcher.plan(attempt, form.command)
    )
    return await watcher.store(planned) if isinstance(planned, PlannedWatch) else planned


async def test_a_new_watch_is_as_if_it_was_typed(stage: WatchStage, forms: WatchForms) -> None:
    """A schedule is chosen from the menu."""
    form = await forms.form(CHANNEL, None)
    assert form == Form(Filled(CHANNEL))
    await forms.offer_patterns("")
    stored = await submit(stage, forms, Filled(CHANNEL, schedule="nightly"), ADA)
    assert isinstance(stored, StoredWatch)
    assert await stage.kept() == (Watch(CHANNEL, 1, "T", "nightly", NOW, ADA, late_s=LATE_S, slow=SLOW),)


async def test_a_pattern_needs_no_schedule(forms: WatchForms) -> None:
    """A pattern needs neither a schedule nor Bolt."""
    assert await forms.read_form(Filled(CHANNEL, schedule="new-*")) == ReadForm(WatchCommand("new-*", mention="owner"))


@pytest.mark.parametrize(("handle", "sentence"), [("", CHOOSE_ONE), ("gone", GONE), ("#99", GONE)])
async def test_what_cannot_be_found_is_said_at_the_field(forms: WatchForms, handle: str, sentence: str) -> None:
    """A schedule that can't be found is reported together with the form's other problems."""
    problems = await forms.read_form(Filled(CHANNEL, schedule=handle, quiet="x"))
    assert isinstance(problems, Problems)
    assert problems.fields["schedule"] == sentence
    assert "quiet" in problems.fields


async def test_without_a_list_a_schedule_cannot_be_looked_up(stage: WatchStage, forms: WatchForms) -> None:
    """The problem says that there's no list, not that the schedule is gone."""
    stage.bolt.faults.always["schedules"] = BoltNotSent()
    assert await forms.read_form(Filled(CHANNEL, schedule="nightly")) == Problems({"schedule": NO_LIST})


async def test_an_edited_watch_keeps_what_it_watches_its_number_and_its_beginning(
    stage: WatchStage, forms: WatchForms
) -> None:
    """The person who edits a watch counts as its creator from then on, even if somebody else made it."""
    await stage.type("watch night* --owner ada --branch dev --mention none")
    (before,) = await stage.kept()
    stage.bolt.clock = NOW.replace(hour=20)
    filled = replace(await form_of(forms, 1), quiet="22:00-07:00", person="U0GRACE")
    stored = await submit(stage, forms, filled)
    assert isinstance(stored, StoredWatch)
    assert stored.word == "changed"
    assert await stage.kept() == (
        replace(before, made_by=BOB, mention="U0GRACE", quiet=Quiet("22:00", "07:00"), time_zone="UTC"),
    )
    assert isinstance(again := await submit(stage, forms, await form_of(forms, 1)), StoredWatch)
    assert again.word == "same"


async def test_a_watch_of_a_schedule_that_is_gone_can_be_edited(stage: WatchStage, forms: WatchForms) -> None:
    """A watch can be edited even if its schedule is gone, because the schedule may come back."""
    await stage.type("watch nightly")
    stage.bolt.active = stage.bolt.active[1:]
    stage.stage.catalog.forget()
    await submit(stage, forms, replace(await form_of(forms, 1), mention="none"))
    assert [one.mention for one in await stage.kept()] == ["none"]


async def test_a_watch_that_was_stopped_meanwhile_is_not_made_again(stage: WatchStage, forms: WatchForms) -> None:
    """It doesn't matter whether the watch was stopped before the form opened, was submitted, or was stored."""
    await stage.type("watch nightly")
    filled = await form_of(forms, 1)
    form = await forms.read_form(filled)
    assert isinstance(form, ReadForm)
    assert form.watch is not None
    planned = await stage.watcher.plan_change(stage.attempt(form.command, ADA), form.watch, form.command)
    assert isinstance(planned, PlannedWatch)
    await stage.type("unwatch 1")
    late = [await forms.form(CHANNEL, 1), await forms.read_form(filled), await stage.watcher.store(planned)]
    for message in late:
        assert isinstance(message, Message)
        assert "There's no watch 1 here." in said(message.text)
    assert await stage.kept() == ()


async def test_a_watch_from_the_file_has_no_form(stage: WatchStage, forms: WatchForms) -> None:
    """A form that was opened earlier can't change it either."""
    await stage.store.add_watch(Watch(CHANNEL, 0, "T", "nightly", NOW))
    (watch,) = await stage.kept()
    command = WatchCommand("nightly", mention="none")
    told = [await forms.form(CHANNEL, 1), await stage.watcher.plan_change(stage.attempt(command, ADA), watch, command)]
    for message in told:
        assert isinstance(message, Message)
        assert "is set in a file" in said(message.text)
