"""Rules for Block Kit elements in actions, input, context and section blocks.

The limits are those on docs.slack.dev/reference/block-kit and in slack_sdk's models.
"""

from __future__ import annotations

from bolt_sandbox.slack.rules import (
    Rule,
    any_field_of,
    anything,
    boolean,
    both,
    by_type,
    fields,
    items,
    number,
    one_of,
    string,
)

ID = string(255)


def text(most: int, *kinds: str) -> Rule:
    """A text object of limited length, of any kind unless kinds are given."""
    plain = fields({"type": anything, "text": string(most, 1)}, {"emoji": boolean})
    mrkdwn = fields({"type": anything, "text": string(most, 1)}, {"verbatim": boolean})
    rules = {"plain_text": plain, "mrkdwn": mrkdwn}
    return by_type({kind: rules[kind] for kind in kinds or rules})


def plain(most: int) -> Rule:
    """A plain_text object."""
    return text(most, "plain_text")


STYLE = one_of("primary", "danger")
CONFIRM = fields({"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, {"style": STYLE})
OPTION = fields({"text": text(75), "value": string(150)}, {"description": text(75), "url": string(3000)})
PLAIN_OPTION = fields({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": string(3000)})
OPTION_GROUP = fields({"label": plain(75), "options": items(PLAIN_OPTION, 1, 100)})

_ACTION = {"type": anything, "action_id": ID}
_MENU = {**_ACTION, "confirm": CONFIRM, "placeholder": plain(150), "focus_on_load": boolean}
_FILTER = fields(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public"), 1),
        "exclude_bot_users": boolean,
        "exclude_external_shared_channels": boolean,
    },
)
_INPUT = {**_ACTION, "placeholder": plain(150), "focus_on_load": boolean}
_DISPATCH = fields({}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 1)})
_TEXT_INPUT = {**_INPUT, "initial_value": string(3000), "dispatch_action_config": _DISPATCH}
_MANY = {"max_selected_items": number(1)}

BUTTON = fields(
    {"type": anything, "text": plain(75)},
    {
        "action_id": ID,
        "url": string(3000),
        "value": string(2000),
        "style": STYLE,
        "confirm": CONFIRM,
        "accessibility_label": string(75),
        "agent_prompt": string(4000),
        "visible_to_user_ids": items(string()),
    },
)
IMAGE = fields({"type": anything, "alt_text": string(2000)}, {"image_url": string(3000), "slack_file": anything})


def _static(initial: str, initial_rule: Rule, *, many: bool) -> Rule:
    optional = {**_MENU, "options": items(PLAIN_OPTION, 1, 100), "option_groups": items(OPTION_GROUP, 1, 100)}
    optional[initial] = initial_rule
    return both(fields({}, optional | (_MANY if many else {})), any_field_of("options", "option_groups"))


def _picker(initial: str, rule: Rule, *, many: bool = False, **extra: Rule) -> Rule:
    return fields({}, {**_MENU, initial: rule, **extra, **(_MANY if many else {})})


def _choices(initial: str, rule: Rule) -> Rule:
    optional = {**_ACTION, "confirm": CONFIRM, "focus_on_load": boolean, initial: rule}
    return fields({"options": items(OPTION, 1, 10)}, optional)


MENUS: dict[str, Rule] = {
    "static_select": _static("initial_option", PLAIN_OPTION, many=False),
    "multi_static_select": _static("initial_options", items(PLAIN_OPTION, 1, 100), many=True),
    "external_select": _picker("initial_option", PLAIN_OPTION, min_query_length=number(0)),
    "multi_external_select": _picker(
        "initial_options", items(PLAIN_OPTION, 1, 100), many=True, min_query_length=number(0)
    ),
    "users_select": _picker("initial_user", string()),
    "multi_users_select": _picker("initial_users", items(string(), 1), many=True),
    "channels_select": _picker("initial_channel", string(), response_url_enabled=boolean),
    "multi_channels_select": _picker("initial_channels", items(string(), 1), many=True),
    "conversations_select": _picker(
        "initial_conversation",
        string(),
        response_url_enabled=boolean,
        default_to_current_conversation=boolean,
        filter=_FILTER,
    ),
    "multi_conversations_select": _picker(
        "initial_conversations",
        items(string(), 1),
        many=True,
        default_to_current_conversation=boolean,
        filter=_FILTER,
    ),
    "datepicker": _picker("initial_date", string()),
    "timepicker": _picker("initial_time", string(), timezone=string()),
    "datetimepicker": fields(
        {}, {**_ACTION, "confirm": CONFIRM, "initial_date_time": number(), "focus_on_load": boolean}
    ),
}
CHOICES: dict[str, Rule] = {
    "checkboxes": _choices("initial_options", items(OPTION, 1, 10)),
    "radio_buttons": _choices("initial_option", OPTION),
}
OVERFLOW = fields({"options": items(OPTION, 1, 5)}, {**_ACTION, "confirm": CONFIRM})
_RICH_INPUT = {"min_lines": number(1), "max_lines": number(1), "dispatch_action_config": _DISPATCH}
INPUTS: dict[str, Rule] = {
    "plain_text_input": fields(
        {}, {**_TEXT_INPUT, "multiline": boolean, "min_length": number(0, 3000), "max_length": number(1, 3000)}
    ),
    "email_text_input": fields({}, _TEXT_INPUT),
    "url_text_input": fields({}, _TEXT_INPUT),
    "number_input": fields(
        {"is_decimal_allowed": boolean}, {**_TEXT_INPUT, "min_value": string(), "max_value": string()}
    ),
    "rich_text_input": fields({}, {**_INPUT, "initial_value": anything, **_RICH_INPUT}),
    "file_input": fields({}, {**_ACTION, "filetypes": items(string(), 1), "max_files": number(1, 10)}),
}
WORKFLOW_BUTTON = fields({"text": plain(75), "workflow": anything}, {**_ACTION, "style": STYLE}, more=True)

ACTIONS: dict[str, Rule] = {
    **MENUS,
    **CHOICES,
    "button": BUTTON,
    "overflow": OVERFLOW,
    "rich_text_input": INPUTS["rich_text_input"],
    "workflow_button": WORKFLOW_BUTTON,
}
ACCESSORIES: dict[str, Rule] = {**ACTIONS, "image": IMAGE}
CONTEXT: dict[str, Rule] = {
    "image": IMAGE,
    "plain_text": plain(3000),
    "mrkdwn": text(3000, "mrkdwn"),
}
_FEEDBACK = fields({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})
CONTEXT_ACTIONS: dict[str, Rule] = {
    "feedback_buttons": fields({"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, _ACTION),
    "icon_button": fields(
        {"icon": string(), "text": plain(75)},
        {
            **_ACTION,
            "value": string(2000),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": items(string()),
        },
    ),
}
