"""Enterprise Grid: people of our organization are served everywhere, and those of other organizations are refused."""

from __future__ import annotations

from typing import Any

import pytest

from bolt_sandbox.slack.grid import found
from tests.e2e.modal import CHOOSE, Modal, open_form
from tests.e2e.stage import Stage
from tests.e2e.test_home import opened as home_opened
from tests.e2e.test_home import view as home_of
from tests.e2e.test_policy import policy

# Slack names the organization as Edda's team, and a sibling workspace as Sven's team.
MEMBERS = ("edda", "sven")
# Not in our workspace at all, but in a channel that it shares with a sibling.
SISTER = "sila"
REFUSED = "I don't take requests from people in other organizations"
TRANSPORTS = pytest.mark.parametrize("socket_mode", [True, False], ids=["socket", "http"])


async def on_grid(stage: Stage, *, socket_mode: bool = True, settings: dict[str, str] | None = None) -> None:
    """Put the workspace in an organization, and start the bot."""
    found(stage.sandbox.workspace)
    await stage.start_bot(settings, socket_mode=socket_mode)


def outsider(stage: Stage, enterprise: str) -> str:
    """Add a person from another organization to the channel; the organization is on Grid, or is a lone workspace."""
    workspace = stage.sandbox.workspace
    eve = workspace.add_user("eve", team="T0ELSE", enterprise=enterprise, shown_as=enterprise)
    workspace.channel("data-eng").members.append(eve.id)
    return eve.name


def buttons(stage: Stage, person: str) -> list[Any]:
    """The buttons of the newest private message to a person."""
    blocks = stage.private(person)[-1].blocks
    return [one for block in blocks if block["type"] == "actions" for one in block["elements"]]


@TRANSPORTS
@pytest.mark.parametrize("person", MEMBERS)
async def test_a_member_types_fills_in_the_form_and_clicks(stage: Stage, socket_mode: bool, person: str) -> None:  # noqa: FBT001
    """A member of the organization can use the form, its card's button and commands."""
    await on_grid(stage, socket_mode=socket_mode)
    form = await open_form(stage, user=person)
    await form.choose("backfill")
    assert await form.submit() == {}
    await form.closed()
    await stage.until(stage.card_says("is running"))
    assert f"{person} from Slack" in str(stage.started()[0].reason)
    assert (await stage.click("Cancel run", user=person)).problem == ""
    await stage.until(stage.card_says("was cancelled by"))
    await stage.slash("status", user=person)
    await stage.until(stage.told_privately("active", user=person))
    assert not stage.told_privately(REFUSED, user=person)()


@TRANSPORTS
@pytest.mark.parametrize("person", [*MEMBERS, SISTER])
async def test_a_member_mentions_writes_and_opens_app_home(stage: Stage, socket_mode: bool, person: str) -> None:  # noqa: FBT001
    """A member can mention the bot, click, open App Home and send direct messages, even from a sibling workspace."""
    await on_grid(stage, socket_mode=socket_mode)
    await stage.mention("run backfill", user=person)
    await stage.until(stage.card_says("is running"))
    assert (await stage.click("Cancel run", user=person)).problem == ""
    await stage.until(stage.card_says("was cancelled by"))
    await home_opened(stage, "Start one here", person)
    await stage.say("list", user=person, channel="dm")
    direct = stage.sandbox.workspace.direct(stage.sandbox.workspace.user(person).id)
    await stage.until(stage.card_says("schedules", direct.id))
    assert not stage.told_privately(REFUSED, user=person)()


@pytest.mark.parametrize("person", MEMBERS)
async def test_a_member_uses_the_shortcuts(stage: Stage, person: str) -> None:
    """A member can open the form, and a run's details from its card."""
    await on_grid(stage)
    people = stage.sandbox.slack.people
    await people.shortcut(person, "run.form", "data-eng")
    form = await Modal(stage, person).opened()
    await people.close_view(form.id)
    await stage.slash("run backfill", user=person)
    await stage.until(stage.card_says("is running"))
    await people.message_shortcut(person, "data-eng", stage.cards()[-1].ts, "run.details")
    details = await Modal(stage, person).opened()
    await stage.until(lambda: details.says("Backfill"))


async def test_a_card_is_the_same_card_for_whoever_clicks(stage: Stage) -> None:
    """A card is recorded under our workspace, whatever team Slack names for the person who asked or clicks."""
    await on_grid(stage)
    await stage.mention("run backfill", user="sven")
    await stage.until(stage.card_says("is running"))
    await stage.mention("status", user="edda", thread=stage.cards()[-1].ts)
    await stage.until(stage.told_privately(f"Run {stage.started()[0].id}", user="edda"))
    assert (await stage.click("Cancel run", user="ada")).problem == ""
    await stage.until(stage.card_says("was cancelled by"))


@pytest.mark.parametrize("enterprise", ["", "E0ELSE"], ids=["a lone workspace", "on Grid"])
async def test_an_outsider_is_turned_away_at_every_door(stage: Stage, enterprise: str) -> None:
    """An outsider gets one sentence and nothing else: no run, no schedule, no button and no address."""
    await on_grid(stage)
    # The run is started first, because nothing is posted to a channel that's already shared.
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    eve = outsider(stage, enterprise)
    card = stage.cards()[-1]
    run = stage.started()[0]
    for text in ("help", "whoami", "list", "show nightly", f"status {run.id}", f"logs {run.id}", "run nightly"):
        await stage.mention(text, user=eve)
    await stage.mention("cancel", user=eve, thread=card.ts)
    assert (await stage.click("Cancel run", user=eve)).problem == ""
    await stage.until(lambda: len(stage.private(eve)) == 9)
    await stage.say("list", user=eve, channel="dm")
    workspace = stage.sandbox.workspace
    direct = workspace.direct(workspace.user(eve).id)
    await stage.until(stage.card_says(REFUSED, direct.id))
    await home_opened(stage, REFUSED, eve)
    shown: list[Any] = [*stage.private(eve), *stage.cards(direct.id)]
    assert all(one.text.startswith(REFUSED) for one in shown)
    said = f"{[(one.text, one.blocks) for one in shown]}{home_of(stage, eve)}"
    assert all(word not in said for word in (str(run.id), "ightly", "ackfill", "@example", "button"))
    assert stage.card_says("is running")()
    assert len(stage.started()) == 1


async def test_a_form_that_an_outsider_gets_hold_of(stage: Stage) -> None:
    """In an outsider's hands, the form's menu is empty, and submitting it shows the refusal and starts nothing."""
    await on_grid(stage)
    eve = outsider(stage, "E0ELSE")
    form = await open_form(stage)
    assert form.view is not None
    form.view.user = stage.sandbox.workspace.user(eve).id
    theirs = Modal(stage, eve)
    assert await theirs.offers("n") == {"options": []}
    option = {"text": {"type": "plain_text", "text": "Nightly"}, "value": "nightly"}
    theirs.fill("schedule", option, CHOOSE)
    assert REFUSED in (await theirs.errors())["schedule"]
    assert stage.started() == []


async def test_the_policy_may_let_outsiders_in(stage: Stage) -> None:
    """The policy can let outsiders do what a rule allows them, and no more."""
    rules = """\
version: 1
rules:
  - name: partners look
    who: {roles: [external]}
    what: [read]
    allow: true
  - allow: true
"""
    await on_grid(stage, settings=policy(stage, rules))
    eve = outsider(stage, "E0ELSE")
    await stage.mention("show nightly", user=eve)
    await stage.until(stage.told_privately("Nightly", eve))
    labels = [one["text"]["text"] for one in buttons(stage, eve)]
    assert "Runs" in labels, "what only reads is offered"
    assert not {"Run", "Run now", "Pause"} & set(labels), "what would be refused is not"
    await stage.mention("pause nightly", user=eve)
    await stage.until(stage.told_privately("You can't pause or resume this here: people from other organizations", eve))
    assert REFUSED not in str([one.text for one in stage.private(eve)])
    await stage.mention("status", user="sven")
    await stage.until(lambda: len(stage.private("sven")) == 1)
    assert stage.started() == []


async def test_who_belongs_where_is_not_known(stage: Stage) -> None:
    """If Slack doesn't say whose workspace a payload names, the person is refused with the reason."""
    stage.sandbox.workspace.scopes.discard("users:read")
    await on_grid(stage)
    await stage.mention("list", user="sven")
    await stage.until(stage.told_privately("I can't see who you are", "sven"))
    await stage.mention("list", user="edda")
    await stage.until(stage.told_privately("schedules", "edda"))
