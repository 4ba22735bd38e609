"""The run form as a modal, within Slack's limits, and its menu of schedules (docs.slack.dev, Block Kit, modals).

`bot.core.schedules.run_form` decides its content, and `bot.flows.complete_run_form` fills it in.
"""

from __future__ import annotations

import json
from typing import Any

from slack_sdk.models.blocks import (
    CheckboxesElement,
    ConversationFilter,
    ConversationSelectElement,
    ExternalDataSelectElement,
    InputBlock,
    Option,
    OptionGroup,
    PlainTextInputElement,
)
from slack_sdk.models.views import View

from bot.core.commands.values import BRANCH_LIMIT, REASON_LIMIT
from bot.core.schedules.run_form import COMMANDS_ROOM, Filled, Form, Own, about_commands
from bot.core.schedules.typeahead import Offers, one_line
from bot.core.text.message import Message, Preformatted
from bot.core.text.text import Channel, Sentence, cut
from bot.slack.blocks.fields import (
    VALUE,
    as_json,
    input_block,
    note,
    option_of,
    plain_object,
    text_field,
)
from bot.slack.blocks.render import render

CALLBACK = "form.run"
CHOOSE = "form.schedule"
CONTINUE = "continue_on_error"
COMMANDS = "commands"
VERSION = 1
PULL_REQUEST_LIMIT = 20
# A placeholder may have 150 characters.
OWN_BRANCH_SHOWN = 60

Json = dict[str, Any]


def run_form(form: Form) -> Json:
    """Build the modal."""
    filled = form.filled
    blocks: list[Json] = [as_json(_schedule(form)), *(note(one) for one in form.notes)]
    if filled.commands is not None:
        blocks += _commands(form, filled.commands)
    blocks += [
        as_json(text_field("branch", "Branch", filled.branch, _own_branch(form), BRANCH_LIMIT)),
        as_json(text_field("pull_request", "Pull request", filled.pull_request, "123", PULL_REQUEST_LIMIT)),
        as_json(_continue_on_error(filled)),
        as_json(text_field("reason", "Reason", filled.reason, "Why you're starting this run", REASON_LIMIT)),
    ]
    blocks.append(as_json(_channel(filled)) if form.asks_channel else note(_where(filled)))
    view: Json = View(
        type="modal",
        callback_id=CALLBACK,
        title=plain_object("Start a run"),
        submit=plain_object("Start run"),
        close=plain_object("Close"),
        private_metadata=metadata(filled, asks_channel=form.asks_channel),
        blocks=blocks,
    ).to_dict()
    return view


def metadata(filled: Filled, *, asks_channel: bool) -> str:
    """Return the modal's metadata: the channel where it was requested, if the form doesn't ask for one."""
    return json.dumps({"v": VERSION, **({} if asks_channel else {"c": filled.channel})}, separators=(",", ":"))


def menu(offers: Offers) -> Json:
    """Return the options of the schedule menu, in the shape that Slack expects while a person types."""
    groups = offers.groups
    if all(not heading for heading, _ in groups):
        return {"options": [as_json(option_of(offer)) for _, ones in groups for offer in ones]}
    made = [
        OptionGroup(label=plain_object(heading), options=[option_of(one) for one in ones]) for heading, ones in groups
    ]
    return {"option_groups": [as_json(group) for group in made]}


def commands_block(own_mark: str, offered: str) -> str:
    """Return the block id of the commands field.

    Slack keeps what was typed in a field until the field's id changes, so other commands get another id.
    """
    return f"{COMMANDS}.{own_mark}.{offered}"


def _schedule(form: Form) -> InputBlock:
    element = ExternalDataSelectElement(
        action_id=CHOOSE,
        placeholder=plain_object("Type a name, a slug or an owner"),
        min_query_length=0,
        initial_option=option_of(form.chosen) if form.chosen else None,
        focus_on_load=form.chosen is None,
    )
    return input_block("schedule", "Schedule", element, optional=False, dispatch_action=True)


def _commands(form: Form, text: str) -> list[Json]:
    filled = form.filled
    element = PlainTextInputElement(
        action_id=VALUE, multiline=True, initial_value=text or None, max_length=COMMANDS_ROOM
    )
    name = commands_block(filled.mark, filled.offered)
    return [
        as_json(input_block(name, "Commands", element)),
        note(about_commands(form)),
        *(_shown(form.own) if form.own and not form.kept else []),
    ]


def _shown(own: Own) -> list[Json]:
    """Show the commands that also run but don't fit in the field."""
    return render(Message((), (Preformatted(own.shown),)))[1] if own.shown.strip() else []


def _own_branch(form: Form) -> str:
    branch = cut(one_line(form.branch), OWN_BRANCH_SHOWN)
    return f"The schedule's own: {branch}" if branch else "The schedule's own"


def _continue_on_error(filled: Filled) -> InputBlock:
    option = Option(value=CONTINUE, text=plain_object("Continue with the next command when one fails"))
    element = CheckboxesElement(
        action_id=VALUE, options=[option], initial_options=[option] if filled.continue_on_error else None
    )
    return input_block(CONTINUE, "Continue on error", element)


def _channel(filled: Filled) -> InputBlock:
    element = ConversationSelectElement(
        action_id=VALUE,
        placeholder=plain_object("Choose a channel"),
        initial_conversation=filled.channel or None,
        default_to_current_conversation=True,
        # Slack includes a response_url, so that a refusal also reaches the person in a channel without the bot.
        response_url_enabled=True,
        filter=ConversationFilter(include=["public", "private"]),
    )
    return input_block("channel", "Channel for the card", element, optional=False)


def _where(filled: Filled) -> Sentence:
    if filled.channel.startswith("D"):
        return ("The run's card will be posted in this conversation.",)
    return ("The run's card will be posted in ", Channel(filled.channel), ".")
