"""Slack's status and error codes, mapped to our exception classes. A 429 becomes SlackThrottled, with the time to wait.

Sources: docs.slack.dev, the methods chat.postMessage, chat.update, files.completeUploadExternal, and the errors common
to all.

`bot.flows.poster` decides how a post reacts to each error, and `bot.flows.edit_cards` decides how an edit does.
"""

from __future__ import annotations

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.core.model.errors import (
    ChannelRefused,
    ContentRefused,
    CredentialRefused,
    FileRefused,
    MessageGone,
    ScopeMissing,
    SlackError,
    SlackOutcomeUnknown,
    SlackRefused,
    SlackThrottled,
)
from bot.network_failure import why

RETRY_AFTER_S = 30.0
LONGEST_RETRY_AFTER_S = 600.0
THROTTLED = frozenset({"ratelimited", "rate_limited"})
# Slack itself doesn't know whether the call was carried out.
LOST = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org"})

FAMILIES: dict[str, type[SlackRefused]] = {
    **dict.fromkeys(
        (
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "is_inactive",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "posting_to_channel_denied",
            "external_channel_migrating",
            "messages_tab_disabled",
            "method_not_supported_for_channel_type",
            "user_not_in_channel",
            "channel_is_limited_access",
            "slack_connect_canvas_sharing_blocked",
            "slack_connect_file_link_sharing_blocked",
            "slack_connect_lists_sharing_blocked",
        ),
        ChannelRefused,
    ),
    **dict.fromkeys(
        (
            "message_not_found",
            "cant_update_message",
            "cant_delete_message",
            "edit_window_closed",
            "cannot_reply_to_message",
            "thread_not_found",
            "message_limit_exceeded",
            # The next errors concern replies: the channel itself accepts messages.
            "restricted_action_non_threadable_channel",
            "restricted_action_thread_locked",
        ),
        MessageGone,
    ),
    **dict.fromkeys(
        (
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_attachments",
            "block_mismatch",
            "msg_too_long",
            "msg_blocks_too_long",
            "no_text",
            "markdown_text_conflict",
            "metadata_too_large",
            "invalid_metadata_format",
            "invalid_metadata_schema",
        ),
        ContentRefused,
    ),
    **dict.fromkeys(
        (
            "file_uploads_disabled",
            "storage_limit_reached",
            "snippet_too_large",
            "unknown_snippet_type",
            "file_type_not_allowed",
            "file_upload_size_restricted",
            "file_uploads_except_images_disabled",
            "file_not_found",
            "alt_txt_too_large",
        ),
        FileRefused,
    ),
    **dict.fromkeys(
        (
            "invalid_auth",
            "not_authed",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "no_permission",
            "not_allowed_token_type",
            "access_denied",
            "accesslimited",
            "org_login_required",
            "ekm_access_denied",
            "team_access_not_granted",
            "app_access_restricted",
        ),
        CredentialRefused,
    ),
    "missing_scope": ScopeMissing,
}


def error_from_answer(method: str, error: SlackApiError) -> SlackError:
    """Return the exception for an answer that isn't a success."""
    response = error.response
    status = getattr(response, "status_code", 200)
    headers = getattr(response, "headers", None) or {}
    after = _seconds(headers.get("Retry-After") or headers.get("retry-after"))
    if status == 429:
        return SlackThrottled(method, after)
    data = getattr(response, "data", None)
    if status >= 500 or not isinstance(data, dict) or not data.get("error"):
        return SlackOutcomeUnknown(method)
    if data["error"] == "missing_scope":
        return ScopeMissing(method, "missing_scope", str(data.get("needed") or ""))
    return error_from_code(method, str(data["error"]), after)


def error_from_code(method: str, code: str, retry_after_s: float) -> SlackError:
    """Return the exception for an answer with `ok: false`."""
    if code in THROTTLED:
        return SlackThrottled(method, retry_after_s)
    if code in LOST:
        return SlackOutcomeUnknown(method)
    return FAMILIES.get(code, SlackRefused)(method, code)


def cause_of(error: BaseException) -> str:
    """Return why a call failed, in a few words without addresses."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy refused ({error.status})"
    return why(error)


def _seconds(value: str | None) -> float:
    try:
        return min(LONGEST_RETRY_AFTER_S, max(1.0, float(value or RETRY_AFTER_S)))
    except ValueError:
        return RETRY_AFTER_S
