"""The form as a modal: within Slack's limits whatever it contains, and shown here as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bolt_sandbox.slack.elements import OPTION_GROUP, PLAIN_OPTION
from bolt_sandbox.slack.validate import check_view
from bot.core.commands.grammar import parse
from bot.core.model.bolt import Schedule
from bot.core.model.command import RunForm
from bot.core.schedules.run_form import Filled, Form, own_commands
from bot.core.schedules.typeahead import Index, Offer, Offers
from bot.core.text.text import When
from bot.core.views.buttons import read_command_value
from bot.slack.blocks.form import menu, run_form
from bot.slack.blocks.render import render
from bot.slack.views.run_form_interactions import form_button

OFFER = Offer("nightly", "Nightly full build", "succeeded · nightly · ada@example.com")
OWN = own_commands("nightly", ("dbt seed", "dbt run"), lambda text: text)
CHOSEN = Form(Filled("nightly", commands=OWN.text, mark=OWN.mark, offered=OWN.offered, channel="C0DATAENG"), OFFER, OWN)


def picture(view: dict[str, Any]) -> str:
    """A modal as lines of text: its blocks from top to bottom."""
    lines = [f"{view['title']['text']}  [{view['close']['text']}] [{view['submit']['text']}]"]
    for block in view["blocks"]:
        if block["type"] == "context":
            lines.append(f"  {block['elements'][0]['text']}")
        elif block["type"] == "rich_text":
            lines.append(f"  | {block['elements'][0]['elements'][0]['text']}")
        else:
            element = block["element"]
            given = element.get("initial_value") or element.get("initial_option", {}).get("text", {}).get("text", "")
            ticked = "x" if element.get("initial_options") else " "
            ticks = [f"[{ticked}] {option['text']['text']}" for option in element.get("options", ())]
            asked = "" if block.get("optional") else " *"
            lines.append(
                f"{block['label']['text']}{asked} ({element['type']}): {given or ', '.join(ticks)}".rstrip(": ")
            )
    return "\n".join(lines)


def checked(form: Form) -> dict[str, Any]:
    """The modal, after checking it with the SDK's models and the sandbox's rules."""
    view = run_form(form)
    check_view(view, "modal")
    assert Block.parse_all(view["blocks"])
    assert View(**view).to_dict()["callback_id"] == "form.run"
    return view


def test_as_it_opens() -> None:
    """At first, the form asks for a schedule; its commands appear once one is chosen."""
    assert (
        picture(checked(Form(Filled(channel="C0DATAENG"))))
        == """\
Start a run  [Close] [Start run]
Schedule * (external_select)
Branch (plain_text_input)
Pull request (plain_text_input)
Continue on error (checkboxes): [ ] Continue with the next command when one fails
Reason (plain_text_input)
  The run's card will be posted in <#C0DATAENG>."""
    )


def test_once_a_schedule_is_chosen() -> None:
    """Once a schedule is chosen, its commands can be edited."""
    filled = replace(CHOSEN.filled, branch="dev", pull_request="123", continue_on_error=True, reason="late data")
    assert (
        picture(checked(replace(CHOSEN, filled=filled)))
        == """\
Start a run  [Close] [Start run]
Schedule * (external_select): Nightly full build
Commands (plain_text_input): dbt seed
dbt run
  One per line. Leave this as it is, or empty, to run the schedule's own commands.
Branch (plain_text_input): dev
Pull request (plain_text_input): 123
Continue on error (checkboxes): [x] Continue with the next command when one fails
Reason (plain_text_input): late data
  The run's card will be posted in <#C0DATAENG>."""
    )


def test_where_the_channel_is_not_known() -> None:
    """If the channel isn't known, the form asks for it, and preselects the open conversation."""
    view = checked(Form(Filled(), asks_channel=True))
    assert picture(view).endswith("Channel for the card * (conversations_select)")
    element = view["blocks"][-1]["element"]
    assert element["default_to_current_conversation"] is True
    assert element["response_url_enabled"] is True
    assert view["private_metadata"] == '{"v":1}'


def test_a_direct_message_is_named_as_such() -> None:
    """A direct message, which has no name, is called this conversation."""
    assert "The run's card will be posted in this conversation." in picture(checked(Form(Filled(channel="D0ADA"))))


def test_an_old_list_says_so() -> None:
    """A form with an old list of schedules says when the list was read, in the viewer's time zone."""
    at = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
    notes = (("Bolt isn't responding. This list of schedules is from ", When(at), "."),)
    assert "list of schedules is from <!date^1795616400^{time}|14:20 UTC>." in picture(
        checked(Form(Filled(), notes=notes))
    )


def test_what_has_no_room_is_shown_below() -> None:
    """Commands that don't fit in the field are shown below it, with what happens to them."""
    own = own_commands("backfill", tuple(f"dbt run --select m{number:03}" for number in range(200)), lambda text: text)
    filled = Filled("backfill", commands=own.text, mark=own.mark, offered=own.offered, channel="C0DATAENG")
    shown = picture(checked(Form(filled, OFFER, own)))
    assert "If you leave this as it is, all 200 commands run" in shown
    assert "  | dbt run --select m" in shown
    assert "m199" in shown


def test_other_commands_have_a_field_of_their_own() -> None:
    """Other commands get a field with another name, because Slack keeps typed text while the name stays."""
    other = own_commands("hourly", ("dbt run --select hourly",), lambda text: text)
    names = set()
    for own in (OWN, other):
        filled = Filled(own.slug, commands=own.text, mark=own.mark, offered=own.offered)
        names |= {block["block_id"] for block in run_form(Form(filled, OFFER, own))["blocks"] if "block_id" in block}
    assert len([name for name in names if name.startswith("commands.")]) == 2


def test_where_the_form_cannot_open_by_itself() -> None:
    """If the form can't open by itself, a button opens it, as typing the command would."""
    text, blocks = render(form_button(("A form can't be opened from a message.",)))
    assert text == "A form can't be opened from a message. Click to set up a run."
    (button,) = blocks[-1]["elements"]
    assert button["text"]["text"] == "Start a run…"
    assert parse(read_command_value(button["value"])) == RunForm()


def test_the_schedules_own_branch_stands_in_its_field() -> None:
    """The schedule's own branch is the placeholder of its field."""
    view = checked(replace(CHOSEN, branch="main"))
    (branch,) = (block["element"] for block in view["blocks"] if block.get("block_id") == "branch")
    assert branch["placeholder"]["text"] == "The schedule's own: main"
    checked(replace(CHOSEN, branch="🎉" * 300))


TEXTS = st.text(max_size=400) | st.text(min_size=1, max_size=3).map(lambda some: some * 1500)


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS, st.lists(TEXTS, max_size=8), st.text(max_size=300))
def test_whatever_stands_in_it_slack_takes_it(
    branch: str, number: str, reason: str, owner: str, commands: list[str], name: str
) -> None:
    """Whatever the form contains, it passes the rules of the sandbox's Slack, which are independent of this module."""
    schedule = Schedule(1, "u", name, name, "OFF", "ui", owner)
    own = own_commands(name, commands, lambda text: text)
    offer = Index.from_schedules([schedule]).offer(schedule)
    for text in (own.text, None):
        filled = Filled(offer.handle, branch, number, text, own.mark, own.offered, reason=reason, channel="C1")
        check_view(run_form(Form(filled, offer, own, notes=((name,),))), "modal")


@pytest.mark.parametrize("typed", ["", "n"])
def test_the_menu(typed: str) -> None:
    """The menu has options, or groups of them under headings, as Slack requires, and is empty if nothing matches."""
    names = ("x" * 200, "🎉" * 100, "Nightly", "Nightly")
    ones = [Schedule(number, "u", name, f"n{number}", "OFF", "ui") for number, name in enumerate(names)]
    made = menu(Index.from_schedules(ones).offers(typed))
    for option in made.get("options", ()):
        assert list(PLAIN_OPTION(option, "")) == []
    for group in made.get("option_groups", ()):
        assert list(OPTION_GROUP(group, "")) == []
    assert made
    assert menu(Offers()) == {"options": []}
