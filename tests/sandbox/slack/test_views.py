"""Modals and Home, through the Web API."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bolt_sandbox.slack.forms import asked_urls, chosen_state, filled_in
from bolt_sandbox.slack.model import Refused

from .conftest import Served

MODAL: dict[str, Any] = {"type": "modal", "title": {"type": "plain_text", "text": "Run"}, "blocks": []}
HOME: dict[str, Any] = {"type": "home", "blocks": [{"type": "divider"}]}
MENU: dict[str, Any] = {
    "type": "static_select",
    "action_id": "m",
    "options": [{"text": {"type": "plain_text", "text": "One"}, "value": "1"}],
}


async def test_the_stack_has_three(served: Served) -> None:
    """Two modals can be pushed on the first, and no more."""
    opened = await served.client.views_open(trigger_id=served.ws.new_trigger("U0ADA"), view=MODAL)
    top = opened["view"]["id"]
    for _push in range(2):
        pushed = await served.client.views_push(trigger_id=served.ws.new_trigger("U0ADA", top), view=MODAL)
        assert pushed["view"]["previous_view_id"] == top
        assert pushed["view"]["root_view_id"] == opened["view"]["id"]
        top = pushed["view"]["id"]
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await served.client.views_push(trigger_id=served.ws.new_trigger("U0ADA", top), view=MODAL)


async def test_update_is_guarded_by_hash(served: Served) -> None:
    """An update with an old hash is refused, and each update gives a new one."""
    opened = await served.client.views_open(trigger_id=served.ws.new_trigger("U0ADA"), view=MODAL)
    view = opened["view"]
    updated = await served.client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)
    assert updated["view"]["hash"] != view["hash"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await served.client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)
    with pytest.raises(SlackApiError, match="not_found"):
        await served.client.views_update(view_id="V0", view=MODAL)


async def test_home(served: Served) -> None:
    """Each person has one Home tab, which keeps its view id."""
    first = await served.client.views_publish(user_id="U0ADA", view=HOME)
    second = await served.client.views_publish(user_id="U0ADA", view=HOME)
    assert first["view"]["id"] == second["view"]["id"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await served.client.views_publish(user_id="U0ADA", view=HOME, hash=first["view"]["hash"])
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await served.client.views_publish(user_id="U0NOBODY", view=HOME)


async def test_a_bad_view_does_not_use_up_the_trigger(served: Served) -> None:
    """After a refused view, the same trigger_id still opens a valid one."""
    trigger_id = served.ws.new_trigger("U0ADA")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await served.client.views_open(trigger_id=trigger_id, view={**MODAL, "blocks": [{"type": "hologram"}]})
    assert (await served.client.views_open(trigger_id=trigger_id, view=MODAL))["ok"]


@pytest.mark.parametrize(
    ("element", "value", "state"),
    [
        ({"type": "plain_text_input"}, "x", {"value": "x"}),
        ({"type": "datepicker"}, "2026-01-01", {"selected_date": "2026-01-01"}),
        (MENU, "1", {"selected_option": MENU["options"][0]}),
        ({**MENU, "type": "checkboxes"}, ["1"], {"selected_options": MENU["options"]}),
        ({"type": "button"}, None, {}),
    ],
)
def test_what_choosing_sends(element: dict[str, Any], value: Any, state: dict[str, Any]) -> None:  # noqa: ANN401
    """Each kind of input has its own field in the state."""
    assert chosen_state(element, value) == state


def test_an_option_that_is_not_there() -> None:
    """An option that the menu doesn't offer can't be chosen."""
    with pytest.raises(Refused, match="option_not_found"):
        chosen_state(MENU, "2")


def test_initial_values_and_gaps() -> None:
    """A field that isn't filled in has its initial value; only an optional one can stay empty."""
    element = {"type": "plain_text_input", "action_id": "a"}
    block = {"type": "input", "block_id": "b", "element": {**element, "initial_value": "main"}}
    assert filled_in([block], {}) == {"b": {"a": {"type": "plain_text_input", "value": "main"}}}
    empty = {"type": "input", "block_id": "b", "element": element, "optional": True}
    assert filled_in([empty], {}) == {"b": {"a": {"type": "plain_text_input", "value": None}}}
    with pytest.raises(Refused, match="missing_input"):
        filled_in([{**empty, "optional": False}], {})


async def test_a_menu_may_begin_with_the_conversation_that_is_open(served: Served) -> None:
    """A menu can start with the open conversation if its filter allows it, and get a response_url for it."""
    menu = {"type": "conversations_select", "action_id": "c", "default_to_current_conversation": True}
    asking = {**menu, "response_url_enabled": True, "filter": {"include": ["public"]}}
    label = {"type": "plain_text", "text": "Where"}
    block = {"type": "input", "block_id": "b", "label": label, "element": asking, "optional": True}
    data, finance = served.ws.channel("data-eng"), served.ws.channel("finance")
    assert filled_in([block], {}, current=data)["b"]["c"]["selected_conversation"] == data.id
    assert filled_in([block], {}, current=finance)["b"]["c"]["selected_conversation"] is None
    assert filled_in([{**block, "element": menu}], {}, current=finance)["b"]["c"]["selected_conversation"] == finance.id
    given = {**block, "element": {**asking, "initial_conversation": finance.id}}
    state = filled_in([given], {}, current=data)
    assert state["b"]["c"]["selected_conversation"] == finance.id
    assert asked_urls([given], state) == [("b", "c", finance.id)]
    assert asked_urls([{**block, "element": menu}], state) == []
    trigger_id = served.ws.new_trigger("U0ADA", channel=data.id)
    view = {**MODAL, "blocks": [block], "submit": {"type": "plain_text", "text": "Go"}}
    opened = await served.client.views_open(trigger_id=trigger_id, view=view)
    assert served.ws.views[opened["view"]["id"]].channel == data.id
    assert "current_conversation" not in opened["view"]
