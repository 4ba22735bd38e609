"""The form when Bolt doesn't answer everything: nothing unseen is started, and nobody waits long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.bolt import Schedule, ScheduleDetails
from bot.core.model.command import RunCommand
from bot.core.model.errors import BoltOutcomeUnknown
from bot.core.schedules.run_form import Filled, Form, Problems
from bot.flows.complete_run_form import GONE, NO_LIST, RunForms
from bot.flows.schedule_catalog import ScheduleCatalog

COMMANDS = ("dbt seed", "dbt run")


class Api:
    """Lists schedules; their commands are in the list, in the details, in both or in neither."""

    def __init__(self) -> None:
        self.away = False
        self.slugs = ["nightly"]
        self.listed: tuple[str, ...] = COMMANDS
        self.details: tuple[str, ...] | None = COMMANDS
        self.asked_for: list[str] = []

    async def schedules(self) -> list[Schedule]:
        """List the schedules."""
        if self.away:
            raise BoltOutcomeUnknown
        return [Schedule(7, "u", slug.title(), slug, "OFF", "ui", commands=self.listed) for slug in self.slugs]

    async def schedule(self, slug: str) -> ScheduleDetails:
        """One schedule's details."""
        self.asked_for.append(slug)
        if self.details is None:
            raise BoltOutcomeUnknown
        return ScheduleDetails(None, self.details, None, "OFF", "u", "ui", suspended=None)


@pytest.fixture
def api() -> Api:
    """An API that answers."""
    return Api()


@pytest.fixture
def forms(api: Api) -> RunForms:
    """The flow that builds the forms, with that API."""
    return RunForms(ScheduleCatalog(api), api, mask=lambda text: text.replace("secret", "•••"))  # type: ignore[arg-type]  # it has the methods that are called


async def anyone(_schedule: Schedule) -> str:
    """Everybody may read the schedule."""
    return ""


async def nobody(schedule: Schedule) -> str:
    """Nobody may read the schedule."""
    return f"You can't read {schedule.slug}."


CHANNEL = "C0DATAENG"
NIGHTLY = Filled("nightly", channel=CHANNEL)


async def offered(forms: RunForms, filled: Filled = NIGHTLY) -> Form:
    """The form once the schedule is chosen."""
    await forms.offer_schedules("")
    return await forms.form_for_schedule(filled, anyone, asks_channel=False)


async def test_commands_that_the_list_leaves_out(api: Api, forms: RunForms) -> None:
    """The commands are read when the schedule is chosen, and the form that shows them can start it."""
    api.listed = ()
    form = await offered(forms)
    assert form.filled.commands == "dbt seed\ndbt run"
    assert api.asked_for == ["nightly"]
    assert await forms.read_form(form.filled, anyone, asks_channel=False) == RunCommand("nightly")


async def test_commands_that_nobody_tells(api: Api, forms: RunForms) -> None:
    """The field is empty, and if it's left empty, the schedule's own commands run."""
    api.listed, api.details = (), None
    form = await offered(forms)
    assert (form.own, form.filled.commands) == (None, "")
    assert await forms.read_form(form.filled, anyone, asks_channel=False) == RunCommand("nightly")


async def test_commands_that_were_changed_meanwhile(api: Api, forms: RunForms) -> None:
    """A person who submits the old commands unedited is shown the new ones first."""
    form = await offered(forms)
    api.listed = ("dbt run --full-refresh",)
    again = RunForms(ScheduleCatalog(api), api, mask=str)  # type: ignore[arg-type]  # it has the methods that are called
    shown = await again.read_form(form.filled, anyone, asks_channel=False)
    assert isinstance(shown, Form)
    assert shown.filled.commands == "dbt run --full-refresh"
    assert "Nothing has been started yet" in str(shown.notes)
    assert await again.read_form(shown.filled, anyone, asks_channel=False) == RunCommand("nightly")


async def test_a_process_that_has_no_list(api: Api, forms: RunForms) -> None:
    """If another process opened the form, a slug is enough to start, but an id isn't."""
    form = await offered(forms)
    api.away = True
    fresh = RunForms(ScheduleCatalog(api), api, mask=str)  # type: ignore[arg-type]  # it has the methods that are called
    assert await fresh.read_form(form.filled, anyone, asks_channel=False) == RunCommand("nightly")
    # Chosen just now, while the form still has another schedule's commands.
    other = await fresh.read_form(replace(form.filled, schedule="hourly"), anyone, asks_channel=False)
    assert other == Problems({"schedule": NO_LIST})
    by_id = await fresh.read_form(Filled("#7", channel=CHANNEL), anyone, asks_channel=False)
    assert by_id == Problems({"schedule": NO_LIST})
    blank = await fresh.blank_form(CHANNEL)
    assert "no schedules to choose from yet" in str(blank.notes)
    assert (await fresh.offer_schedules("")).groups == ()


async def test_a_schedule_that_is_newer_than_the_list(api: Api) -> None:
    """A schedule that another process offered is looked up before it counts as gone: by the form, or by the start."""
    seconds = [0.0]
    forms = RunForms(ScheduleCatalog(api, clock=lambda: seconds[0]), api, mask=str)  # type: ignore[arg-type]  # it has the methods that are called
    await forms.offer_schedules("")
    api.slugs.append("hourly")
    seconds[0] += 5
    form = await forms.form_for_schedule(Filled("hourly", channel=CHANNEL), anyone, asks_channel=False)
    assert form.filled.commands == "dbt seed\ndbt run"
    api.slugs.append("weekly")
    api.away = True
    seconds[0] += 5
    weekly = Filled("weekly", channel=CHANNEL)
    assert await forms.read_form(weekly, anyone, asks_channel=False) == RunCommand("weekly")
    assert (await forms.form_for_schedule(weekly, anyone, asks_channel=False)).notes == ()


async def test_nothing_chosen_and_what_is_gone(forms: RunForms) -> None:
    """The problem is shown under the schedule field, together with the form's other problems."""
    await forms.offer_schedules("")
    for handle in ("", "gone", "#99"):
        result = await forms.read_form(Filled(handle, pull_request="x", channel=CHANNEL), anyone, asks_channel=False)
        assert isinstance(result, Problems)
        assert result.fields["schedule"] == GONE
        assert "pull_request" in result.fields
    form = await forms.form_for_schedule(Filled("gone"), anyone, asks_channel=False)
    assert form.notes == ((GONE,),)


async def test_names_are_masked(api: Api, forms: RunForms) -> None:
    """A command with a secret is shown masked, and isn't put into the field."""
    api.listed = ("echo secret",)
    form = await offered(forms)
    assert form.own is not None
    assert form.own.shown == "echo •••"
    assert form.filled.commands == ""


async def test_who_may_not_read_a_schedule_is_shown_nothing_of_it(api: Api, forms: RunForms) -> None:
    """Neither its commands nor its branch are shown or read from Bolt; what the person typed stays."""
    api.listed = ()
    before = await offered(forms)
    refused = await forms.form_for_schedule(before.filled, nobody, asks_channel=False)
    assert (refused.own, refused.branch, refused.filled.commands) == (None, "", None)
    assert refused.notes == (("You can't read nightly.",),)
    mine = replace(before.filled, commands="dbt debug")
    assert (await forms.form_for_schedule(mine, nobody, asks_channel=False)).filled.commands == "dbt debug"
    assert api.asked_for == ["nightly"]


async def test_nor_when_they_have_changed_meanwhile(api: Api, forms: RunForms) -> None:
    """The form isn't shown again, and commands the person hasn't seen aren't started."""
    form = await offered(forms)
    api.listed = ("dbt run --full-refresh",)
    again = RunForms(ScheduleCatalog(api), api, mask=str)  # type: ignore[arg-type]  # it has the methods that are called
    result = await again.read_form(form.filled, nobody, asks_channel=False)
    assert result == Problems({"schedule": "You can't read nightly."})
