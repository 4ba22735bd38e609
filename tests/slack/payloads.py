"""Slack's payloads, one of each kind, as documented (docs.slack.dev; slackapi/java-slack-sdk, json-logs/samples)."""

from __future__ import annotations

from typing import Any

URL = "https://hooks.slack.com/actions/T1/1/x"
CONTEXT: dict[str, Any] = {
    "user": {"id": "U1", "username": "ada", "name": "ada", "team_id": "T1"},
    "api_app_id": "A1",
    "token": "verification",
    "team": {"id": "T1", "domain": "acme"},
    "enterprise": None,
    "is_enterprise_install": False,
}
BUTTON: dict[str, Any] = {
    "type": "button",
    "action_id": "run.cancel",
    "block_id": "b1",
    "text": {"type": "plain_text", "text": "Cancel run", "emoji": False},
    "value": "{}",
    "action_ts": "1700000001.000100",
}
MESSAGE: dict[str, Any] = {
    "type": "message",
    "user": "U0BOT",
    "bot_id": "B0BOT",
    "team": "T1",
    "ts": "1700000000.000100",
    "text": "Nightly is running",
    "blocks": [
        {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "x"}, "accessory": BUTTON},
        {"type": "actions", "block_id": "b1", "elements": [BUTTON]},
    ],
    "metadata": {"event_type": "bolt_bot", "event_payload": {"key": "run:1"}},
}
PLACE: dict[str, Any] = {
    "container": {"type": "message", "message_ts": MESSAGE["ts"], "channel_id": "C1", "is_ephemeral": False},
    "channel": {"id": "C1", "name": "data-eng"},
}
VIEW: dict[str, Any] = {
    "id": "V1",
    "team_id": "T1",
    "type": "modal",
    "callback_id": "form.run",
    "private_metadata": '{"v":1,"c":"C1"}',
    "hash": "1700000000.x",
    "title": {"type": "plain_text", "text": "Start a run", "emoji": False},
    "blocks": [
        {"type": "input", "block_id": "schedule", "element": {"type": "external_select", "action_id": "form.schedule"}}
    ],
    "state": {
        "values": {
            "schedule": {"form.schedule": {"type": "external_select", "selected_option": {"value": "no-such"}}},
            "branch": {"value": {"type": "plain_text_input", "value": "main"}},
            "continue_on_error": {"value": {"type": "checkboxes", "selected_options": []}},
            "channel": {"value": {"type": "conversations_select", "selected_conversation": "C1"}},
        }
    },
    "app_installed_team_id": "T1",
}


def event(inner: dict[str, Any]) -> dict[str, Any]:
    """An event in its envelope."""
    return {
        "token": "verification",
        "team_id": "T1",
        "context_team_id": "T1",
        "context_enterprise_id": None,
        "api_app_id": "A1",
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev1",
        "event_time": 1700000000,
        "authorizations": [{"enterprise_id": None, "team_id": "T1", "user_id": "U0BOT", "is_bot": True}],
        "is_ext_shared_channel": False,
        "event_context": "4-x",
    }


SAID: dict[str, Any] = {
    "user": "U1",
    "team": "T1",
    "channel": "C1",
    "ts": "1700000002.000100",
    "event_ts": "1700000002.000100",
    "thread_ts": "1700000000.000100",
    "client_msg_id": "c",
    "text": "<@U0BOT> help",
    "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text"}]}]}],
}
PAYLOADS: dict[str, dict[str, Any]] = {
    "command": {
        "token": "verification",
        "team_id": "T1",
        "team_domain": "acme",
        "channel_id": "C1",
        "channel_name": "data-eng",
        "user_id": "U1",
        "user_name": "ada",
        "command": "/bolt",
        "text": "help",
        "api_app_id": "A1",
        "is_enterprise_install": "false",
        "response_url": URL,
        "trigger_id": "1.2.3",
    },
    "click": CONTEXT
    | PLACE
    | {"type": "block_actions", "message": MESSAGE, "trigger_id": "1.2.4", "actions": [BUTTON], "response_url": URL},
    "choice": CONTEXT
    | PLACE
    | {
        "type": "block_actions",
        "message": MESSAGE,
        "trigger_id": "1.2.4",
        "actions": [
            {key: BUTTON[key] for key in BUTTON if key != "value"}
            | {"type": "static_select", "action_id": "incident.snooze", "selected_option": {"value": "1h:0"}}
        ],
        "response_url": URL,
    },
    "click in a view": CONTEXT
    | {
        "type": "block_actions",
        "container": {"type": "view", "view_id": "V1"},
        "view": VIEW,
        "trigger_id": "1.2.5",
        "actions": [
            BUTTON | {"type": "external_select", "action_id": "form.schedule", "selected_option": {"value": "no-such"}}
        ],
    },
    "typing": CONTEXT
    | {"type": "block_suggestion", "action_id": "form.schedule", "block_id": "schedule", "value": "n", "view": VIEW},
    "submission": CONTEXT
    | {
        "type": "view_submission",
        "trigger_id": "1.2.6",
        "view": VIEW,
        "response_urls": [{"block_id": "channel", "action_id": "value", "channel_id": "C1", "response_url": URL}],
    },
    "closed": CONTEXT | {"type": "view_closed", "view": VIEW, "is_cleared": False},
    "message shortcut": CONTEXT
    | PLACE
    | {
        "type": "message_action",
        "callback_id": "run.details",
        "trigger_id": "1.2.7",
        "response_url": URL,
        "message_ts": MESSAGE["ts"],
        "message": MESSAGE,
    },
    "shortcut": CONTEXT | {"type": "shortcut", "callback_id": "run.form", "trigger_id": "1.2.8", "action_ts": "1.5"},
    "old button": CONTEXT
    | {
        "type": "interactive_message",
        "callback_id": "old",
        "channel": {"id": "C1", "name": "data-eng"},
        "actions": [{"name": "yes", "type": "button", "value": "1"}],
        "response_url": URL,
    },
    "mention": event(SAID | {"type": "app_mention"}),
    "direct message": event(SAID | {"type": "message", "channel": "D1", "channel_type": "im"}),
    "home": event(
        {"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home", "view": VIEW | {"type": "home"}}
    ),
    "another event": event({"type": "user_change", "user": {"id": "U1", "team_id": "T1"}, "event_ts": "1.5"}),
    "verification": {"token": "verification", "challenge": "abc", "type": "url_verification"},
}
