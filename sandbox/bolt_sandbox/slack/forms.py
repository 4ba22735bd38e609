"""Interactive elements: find one in blocks, and build the payload for choosing or filling one in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bolt_sandbox.slack.model import Channel, Json, Refused

INPUT_VALUES = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}
CONVERSATIONS = ("public", "private", "mpim", "im")
OPTION_INPUTS = ("static_select", "external_select", "radio_buttons", "overflow")
STATELESS = ("button", "workflow_button", "icon_button", "feedback_buttons", "overflow")
OPTIONS_INPUTS = ("multi_static_select", "multi_external_select", "checkboxes")


@dataclass(frozen=True, slots=True)
class Control:
    """An interactive element, and its block."""

    element: Json
    block_id: str


def controls(blocks: list[Json]) -> list[Control]:
    """Return every interactive element in blocks, from top to bottom."""
    found: list[Control] = []
    for block in blocks:
        elements = list(block.get("elements", ())) if block.get("type") in ("actions", "context_actions") else []
        elements += [block[name] for name in ("accessory", "element") if isinstance(block.get(name), dict)]
        found += [Control(each, block["block_id"]) for each in elements if each.get("action_id")]
    return found


def matching(blocks: list[Json], action_id: str | None, label: str | None, block_id: str | None) -> list[Control]:
    """Return the elements with this action_id or label (case-insensitive), in this block if one is given.

    A menu's label is its placeholder.
    """

    def matches(control: Control) -> bool:
        element = control.element
        text = str((element.get("text") or element.get("placeholder") or {}).get("text", ""))
        named = action_id == control.element["action_id"] or (label is not None and label.lower() == text.lower())
        return named and block_id in (None, control.block_id)

    return [control for control in controls(blocks) if matches(control)]


def find_control(
    blocks: list[Json], action_id: str | None, label: str | None = None, block_id: str | None = None
) -> Control:
    """Return the first matching element. Raises Refused(action_not_found)."""
    found = matching(blocks, action_id, label, block_id)
    if not found:
        raise Refused("action_not_found")
    return found[0]


def chosen_state(element: Json, value: Any) -> Json:  # noqa: ANN401
    """Return the fields that choosing a value adds to an element's action or state. A button has none."""
    kind = element["type"]
    if kind in INPUT_VALUES:
        return {INPUT_VALUES[kind]: value}
    if kind in OPTION_INPUTS:
        return {"selected_option": option_of(element, value)}
    if kind in OPTIONS_INPUTS:
        return {"selected_options": [option_of(element, each) for each in value or []]}
    return {}


def option_of(element: Json, value: Any) -> Json | None:  # noqa: ANN401
    """Return the option with this value, or else with this text.

    Whole options (of an external select) are returned as they are. Raises Refused.
    """
    if value is None or isinstance(value, dict):
        return value
    groups = [group["options"] for group in element.get("option_groups", ())]
    options = [*element.get("options", ()), *(option for options in groups for option in options)]
    found = [each for each in options if each["value"] == value] or [
        each for each in options if each["text"]["text"] == value
    ]
    if not found:
        raise Refused("option_not_found")
    return dict(found[0])


def message_state(blocks: list[Json], chosen: Control, value: Any) -> Json:  # noqa: ANN401
    """Return the state of a message's menus after one of them was set. Buttons and overflow menus have no state."""
    state: Json = {}
    for control in controls(blocks):
        kind = control.element["type"]
        if kind in STATELESS:
            continue
        now = value if control == chosen else initial_of(control.element)
        state.setdefault(control.block_id, {})[control.element["action_id"]] = {
            "type": kind,
            **chosen_state(control.element, now),
        }
    return state


def filled_in(blocks: list[Json], values: Json, *, gaps: bool = False, current: Channel | None = None) -> Json:
    """Return the state of a modal's inputs. Raises Refused(missing_input): Slack doesn't submit an incomplete form.

    `gaps` allows missing inputs, as when only an element in the form is clicked. `current` is the conversation that the
    person was in when it opened, which is the initial value of some menus.
    """
    state: Json = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element, block_id = block["element"], block["block_id"]
        action_id = element.get("action_id", "")
        value = values.get(block_id, {}).get(action_id, initial_of(element, current))
        if value in (None, "", []) and not block.get("optional") and not gaps:
            raise Refused("missing_input", block_id=block_id)
        state[block_id] = {action_id: {"type": element["type"], **chosen_state(element, value)}}
    return state


def initial_of(element: Json, current: Channel | None = None) -> Any:  # noqa: ANN401
    """Return an input's initial value."""
    given = next((value for name, value in element.items() if name.startswith("initial_")), None)
    wanted = element.get("filter", {}).get("include") or CONVERSATIONS
    if given is None and element.get("default_to_current_conversation") and current and current.kind in wanted:
        return [current.id] if element["type"].startswith("multi_") else current.id
    return given


def asked_urls(blocks: list[Json], state: Json) -> list[tuple[str, str, str]]:
    """Return the block, action and conversation of each menu that requests a response_url for its choice."""
    found = []
    for block in blocks:
        element = block.get("element", {})
        if block.get("type") == "input" and element.get("response_url_enabled"):
            chosen = state[block["block_id"]][element["action_id"]]
            conversation = chosen.get("selected_conversation") or chosen.get("selected_channel")
            if conversation:
                found.append((block["block_id"], element["action_id"], conversation))
    return found
