"""The form for a watch as a modal, within Slack's limits (docs.slack.dev, Block Kit, modals).

`bot.core.watching.watch_form` decides its content.
"""

from __future__ import annotations

import json
from typing import Any

from slack_sdk.models.blocks import (
    CheckboxesElement,
    ExternalDataSelectElement,
    InputBlock,
    Option,
    StaticSelectElement,
    UserMultiSelectElement,
)
from slack_sdk.models.views import View

from bot.core.commands.values import BRANCH_LIMIT, TEXT_LIMIT
from bot.core.text.text import Channel, Code, Group, Sentence, cut
from bot.core.watching.watch_form import NOBODY, OWNER, Filled, Form
from bot.slack.blocks.fields import VALUE, as_json, input_block, note, plain_object, text_field

CALLBACK = "form.watch"
CHOOSE = "form.watch.schedule"
PULL_REQUESTS = "pull_requests"
VERSION = 1
SHOWN = 80
# Texts typed into these fields are short.
SHORT = 40

Json = dict[str, Any]


def watch_form(form: Form) -> Json:
    """Build the modal."""
    filled, watch = form.filled, form.watch
    what = _watched(form) if watch else [as_json(_schedule()), *_narrowed(filled)]
    blocks = [
        *what,
        *(note(one) for one in form.notes),
        *_told(filled),
        as_json(_mention(filled)),
        *_group(filled),
        as_json(_person(filled)),
        as_json(text_field("quiet", "Quiet hours", filled.quiet, "22:00-07:00", SHORT)),
        as_json(
            text_field("time_zone", "Time zone for the quiet hours", filled.time_zone, "Yours, as set in Slack", SHORT)
        ),
        *_timed(filled),
        note(_where(filled)),
    ]
    view: Json = View(
        type="modal",
        callback_id=CALLBACK,
        title=plain_object(f"Edit watch {watch.number}" if watch else "Watch schedules"),
        submit=plain_object("Save" if watch else "Watch"),
        close=plain_object("Close"),
        private_metadata=metadata(filled),
        blocks=blocks,
    ).to_dict()
    return view


def metadata(filled: Filled) -> str:
    """Return the modal's metadata: its channel, and the number of the watch that it edits."""
    number = {} if filled.number is None else {"n": filled.number}
    return json.dumps({"v": VERSION, "c": filled.channel, **number}, separators=(",", ":"))


# --- what is watched ---


def _schedule() -> InputBlock:
    element = ExternalDataSelectElement(
        action_id=CHOOSE,
        placeholder=plain_object("Type a name, a slug or a pattern like finance-*"),
        min_query_length=0,
        focus_on_load=True,
    )
    return input_block("schedule", "Schedule or pattern", element, optional=False)


def _narrowed(filled: Filled) -> list[Json]:
    return [
        as_json(text_field("owner", "Only schedules owned by", filled.owner, "ada@example.com", TEXT_LIMIT)),
        as_json(text_field("branch", "Branch", filled.branch, "The schedule's own. For any branch: *", BRANCH_LIMIT)),
    ]


def _watched(form: Form) -> list[Json]:
    watch = form.watch
    assert watch is not None  # noqa: S101 - called only for an existing watch
    line: list[Any] = ["Watches ", Code(cut(watch.pattern, SHOWN))]
    line += [f", owned by {cut(watch.owner, SHOWN)}"] if watch.owner else []
    line += [", on branch ", Code(cut(watch.branch, SHOWN))] if watch.branch else []
    line += [". To watch other schedules or another branch, add a watch and stop this one."]
    return [note(tuple(line))]


# --- what is reported ---


def _told(filled: Filled) -> list[Json]:
    blocks: list[Json] = []
    choices = [
        ("failures", "Failures and recoveries"),
        ("ends", "The end of every run"),
        ("all", "Every run from its start to its end"),
    ]
    blocks.append(as_json(input_block("only", "Report", _menu(choices, filled.only), optional=False)))
    option = Option(value=PULL_REQUESTS, text=plain_object("Report runs for pull requests too"))
    element = CheckboxesElement(
        action_id=VALUE, options=[option], initial_options=[option] if filled.pull_requests else None
    )
    blocks.append(as_json(input_block(PULL_REQUESTS, "Pull requests", element)))
    return blocks


def _timed(filled: Filled) -> list[Json]:
    return [
        as_json(text_field("late", "Report late runs after", filled.late, "30m, or off", SHORT)),
        as_json(text_field("slow", "Report slow runs after", filled.slow, "2x, 45m, or off", SHORT)),
    ]


# --- whom to mention ---


def _mention(filled: Filled) -> InputBlock:
    choices = [(OWNER, "The schedule's owner"), (NOBODY, "Nobody")]
    choices += [(filled.mention, "The user group below")] if _is_group(filled) else []
    return input_block("mention", "Mention", _menu(choices, filled.mention), optional=False)


def _group(filled: Filled) -> list[Json]:
    return [note(("The user group is ", Group(filled.mention, "a user group"), "."))] if _is_group(filled) else []


def _is_group(filled: Filled) -> bool:
    return filled.mention not in {OWNER, NOBODY}


def _person(filled: Filled) -> InputBlock:
    element = UserMultiSelectElement(
        action_id=VALUE,
        placeholder=plain_object("Choose a person"),
        initial_users=[filled.person] if filled.person else None,
        max_selected_items=1,
    )
    return input_block("person", "Or mention this person", element)


def _where(filled: Filled) -> Sentence:
    here: Sentence = ("in this conversation",) if filled.channel.startswith("D") else ("in ", Channel(filled.channel))
    return ("Reports are posted ", *here, ". To mention a user group, use --mention in the typed command.")


def _menu(choices: list[tuple[str, str]], chosen: str) -> StaticSelectElement:
    options = [Option(value=value, text=plain_object(label)) for value, label in choices]
    initial = next((one for one in options if one.value == chosen), options[0])
    return StaticSelectElement(action_id=VALUE, options=options, initial_option=initial)
