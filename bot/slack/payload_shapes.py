"""Check the shape of Slack's payloads before they're used.

slack_bolt and the listeners read fields by name. Before that, `has_known_shape` checks that each field they read has
the type that Slack documents (docs.slack.dev: interaction payloads, slash commands, the Events API), that required
fields are present, and that every text can be encoded. A payload that doesn't match is dropped as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[object], bool]


def has_known_shape(body: object) -> bool:
    """Whether listeners can safely read this payload."""
    try:
        return isinstance(body, dict) and _encodable(body) and _context(body) and _kind(body)
    except RecursionError:
        return False


def records(value: object) -> list[dict[str, Any]]:
    """Return the objects in a list. It may come from anyone's message, whose blocks may be of any kind."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def record_in(value: object, name: str) -> dict[str, Any]:
    """Return the object in a field of an object, or an empty dictionary if it's missing."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def text_in(value: object, name: str) -> str:
    """Return the text in a field of an object, or an empty string if it's missing."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


# --- what a field may be ---


def _text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _word(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _record(**fields: Check) -> Check:
    def check(value: object) -> bool:
        return value is None or (
            isinstance(value, dict) and all(holds(value.get(name)) for name, holds in fields.items())
        )

    return check


def _needed(check: Check) -> Check:
    return lambda value: value is not None and check(value)


def _each(check: Check) -> Check:
    return lambda value: value is None or (isinstance(value, list) and all(map(check, value)))


def _some(check: Check) -> Check:
    return lambda value: isinstance(value, list) and bool(value) and all(map(check, value))


def _named(value: object) -> bool:
    """Whether this is an id or an object with an id, because Slack sends either."""
    return _text(value) or (isinstance(value, dict) and _text(value.get("id")) and _text(value.get("enterprise_id")))


# --- what slack_bolt looks for, at any depth ---

_NAMED = ("user", "team", "channel", "enterprise")
_TEXTS = (
    "type",
    "subtype",
    "user_id",
    "team_id",
    "channel_id",
    "enterprise_id",
    "context_team_id",
    "context_enterprise_id",
    "app_installed_team_id",
    "user_team",
    "source_team",
    "bot_id",
    "thread_ts",
    "response_url",
    "trigger_id",
    "callback_id",
    "function_execution_id",
    "bot_access_token",
)
_WITHIN = ("event", "item", "assistant_thread", "message", "previous_message", "view", "function_data")


def _context(body: Mapping[str, Any]) -> bool:
    named = all(_named(body.get(name)) for name in _NAMED)
    texts = all(_text(body.get(name)) for name in _TEXTS)
    within = [body.get(name) for name in _WITHIN]
    authorizations = body.get("authorizations")
    listed = _each(lambda one: isinstance(one, dict) and _context(one))(authorizations)
    return named and texts and listed and all(_context(one) for one in within if isinstance(one, dict))


def _encodable(body: Mapping[str, Any]) -> bool:
    """Whether a payload can be encoded: JSON may contain lone surrogates, which can't be encoded."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, TypeError):
        return False
    return True


# --- what listeners look for, by the kind of request ---

_USER = _needed(_record(id=_word, name=_text, username=_text))
_VIEW = _record(
    id=_text,
    hash=_text,
    private_metadata=_text,
    title=_record(),
    blocks=_each(_needed(_record(type=_text, block_id=_text))),
)
_PLACE: dict[str, Check] = {
    "user": _USER,
    "team": _record(id=_text),
    "channel": _record(id=_text),
    "container": _record(message_ts=_text, channel_id=_text, thread_ts=_text),
    "message": _record(ts=_text),
    "view": _VIEW,
    "response_urls": _each(_needed(_record(response_url=_text, channel_id=_text))),
}
_ACTION = _needed(
    _record(
        action_id=_word,
        block_id=_text,
        value=_text,
        url=_text,
        action_ts=_text,
        selected_option=_record(value=_text),
    )
)
_SUBMITTED = _record(**{**_PLACE, "view": _needed(_VIEW)})


def _callback_in_view(body: object) -> bool:
    return _word(record_in(body, "view").get("callback_id"))


_COMMAND = _record(
    command=_word, user_id=_word, channel_id=_word, team_id=_word, text=_text, user_name=_text, trigger_id=_text
)
_KINDS: dict[str, tuple[Check, ...]] = {
    "block_actions": (_record(**_PLACE, actions=_some(_ACTION)),),
    "block_suggestion": (_record(**_PLACE, action_id=_word),),
    "view_submission": (_SUBMITTED, _callback_in_view),
    "view_closed": (_SUBMITTED, _callback_in_view),
    "message_action": (_record(**_PLACE, callback_id=_word),),
    "shortcut": (_record(**_PLACE, callback_id=_word),),
    # Buttons, menus and dialogs from before Block Kit: we create none, and answer that we don't recognize them.
    "interactive_message": (_record(**_PLACE, callback_id=_word, actions=_some(_needed(_record(url=_text)))),),
    "dialog_submission": (_record(**_PLACE, callback_id=_word),),
    "dialog_cancellation": (_record(**_PLACE, callback_id=_word),),
    "dialog_suggestion": (_record(**_PLACE, callback_id=_word),),
    "event_callback": (_record(event=_needed(_record(type=_word))),),
}
_EVENTS: dict[str, Check] = {
    **dict.fromkeys(
        ("app_mention", "message"),
        _record(user=_text, channel=_text, team=_text, ts=_text, text=_text, channel_type=_text),
    ),
    "app_home_opened": _record(user=_word, team=_text, tab=_text, view=_VIEW),
}


def _kind(body: Mapping[str, Any]) -> bool:
    checks = _KINDS.get(str(body.get("type")), ())
    if "command" in body:
        checks = (*checks, _COMMAND)
    event = record_in(body, "event")
    of_event = _EVENTS.get(text_in(event, "type"))
    # slack_bolt reads `event` whatever the type.
    if "event" in body and body.get("type") != "event_callback":
        return False
    return all(check(body) for check in checks) and (of_event is None or of_event(event))
