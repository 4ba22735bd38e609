"""Message content of a call: text, blocks, attachments and metadata, validated as Slack does."""

from __future__ import annotations

from dataclasses import dataclass, field

from bolt_sandbox.slack.args import Args
from bolt_sandbox.slack.model import Json, Refused
from bolt_sandbox.slack.validate import MARKDOWN_MOST, check_blocks

POST_TEXT_MOST = 40_000
UPDATE_TEXT_MOST = 4_000
ATTACHMENTS_MOST = 100


@dataclass(slots=True)
class Content:
    """The content of a message. `given` has the names of the call's arguments."""

    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    given: frozenset[str] = frozenset()
    truncated: bool = False


def read_content(args: Args, *, text_may_be_missing: bool = False) -> Content:
    """Read the content of a call. Raises Refused as chat.postMessage does."""
    text = args.text("text")
    blocks = args.objects("blocks", "invalid_blocks_format")
    attachments = args.objects("attachments", "invalid_attachments")
    metadata = _metadata(args)
    if "markdown_text" in args:
        text, blocks = _markdown(args, text, blocks)
    if len(attachments or []) > ATTACHMENTS_MOST:
        raise Refused("too_many_attachments")
    if blocks:
        check_blocks(blocks)
    for attachment in attachments or []:
        if attachment.get("blocks"):
            check_blocks(attachment["blocks"])
    if not (text.strip() or blocks or attachments or text_may_be_missing):
        raise Refused("no_text")
    truncated = len(text) > POST_TEXT_MOST
    given = frozenset(args.names())
    return Content(text[:POST_TEXT_MOST], blocks or [], attachments or [], metadata, given, truncated)


def _markdown(args: Args, text: str, blocks: list[Json] | None) -> tuple[str, list[Json]]:
    markdown = args.text("markdown_text")
    if text or blocks:
        raise Refused("markdown_text_conflict")
    if len(markdown) > MARKDOWN_MOST:
        raise Refused("msg_too_long")
    return markdown, [{"type": "markdown", "text": markdown}]


def _metadata(args: Args) -> Json | None:
    metadata = args.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise Refused("invalid_metadata_format")
    if not metadata:
        return {}
    typed = isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), dict)
    if not typed and "entities" not in metadata:
        raise Refused("invalid_metadata_schema")
    return metadata
