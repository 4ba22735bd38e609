"""files.*: uploading in three steps, and reading."""

from __future__ import annotations

from bolt_sandbox.slack.args import Args
from bolt_sandbox.slack.content import read_content
from bolt_sandbox.slack.methods_chat import post_target, thread_of
from bolt_sandbox.slack.model import Change, Channel, File, Json, Refused
from bolt_sandbox.slack.shapes import file_shape, file_shares
from bolt_sandbox.slack.workspace import Workspace

SNIPPET_BYTES_MOST = 1024 * 1024
CHANNELS_MOST = 100
ALT_TEXT_MOST = 1000
SNIPPET_TYPES = frozenset(
    {
        "auto",
        "text",
        "csv",
        "diff",
        "dockerfile",
        "html",
        "java",
        "javascript",
        "json",
        "kotlin",
        "log",
        "markdown",
        "php",
        "python",
        "ruby",
        "rust",
        "shell",
        "sql",
        "swift",
        "typescript",
        "xml",
        "yaml",
    }
)


def get_upload_url(ws: Workspace, args: Args) -> Json:
    """files.getUploadURLExternal."""
    name = args.need("filename")
    length = args.number("length", 0)
    if length <= 0:
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] length must be positive"]})
    snippet_type = args.text("snippet_type") or None
    if snippet_type is not None and snippet_type not in SNIPPET_TYPES:
        raise Refused("unknown_snippet_type")
    if snippet_type is not None and length > SNIPPET_BYTES_MOST:
        raise Refused("snippet_too_large")
    alt_text = args.text("alt_txt")
    if len(alt_text) > ALT_TEXT_MOST:
        raise Refused("alt_txt_too_large")
    file = File(ws.new_id("F"), name, ws.bot.id, int(ws.clock()), snippet_type, alt_text)
    ws.files[file.id] = file
    ticket = ws.new_id("", 40)
    ws.uploads[ticket] = file.id
    return {"ok": True, "upload_url": ws.address(f"/upload/{ticket}"), "file_id": file.id}


def take_upload(ws: Workspace, ticket: str, content: bytes) -> str:
    """Take an upload's bytes, and return Slack's answer, "OK - <size>". Raises Refused."""
    file_id = ws.uploads.pop(ticket, None)
    if file_id is None:
        raise Refused("invalid_upload_ticket")
    ws.files[file_id].content = content
    return f"OK - {len(content)}"


def complete_upload(ws: Workspace, args: Args) -> Json:
    """files.completeUploadExternal: shares the files. `shares` is in files.info, not here."""
    asked = args.objects("files", "invalid_arguments")
    if not asked:
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: files"]})
    files = [_uploaded(ws, each) for each in asked]
    where = _channels(ws, args)
    if args.text("thread_ts") and len(where) > 1:
        raise Refused("invalid_arguments")
    comment = args.text("initial_comment")
    content = read_content(args, text_may_be_missing=True)
    threads = [thread_of(channel, args.text("thread_ts")) for channel in where]
    for file, each in zip(files, asked, strict=True):
        file.completed, file.title = True, str(each.get("title") or file.name)
    for channel, thread_ts in zip(where, threads, strict=True):
        _share(ws, files, channel, thread_ts, comment=comment, blocks=[] if comment else content.blocks)
    return {"ok": True, "files": [file_shape(ws, file) for file in files]}


def _uploaded(ws: Workspace, asked: Json) -> File:
    file = ws.files.get(str(asked.get("id")))
    if file is None or file.content is None:
        raise Refused("file_not_found")
    if file.completed:
        raise Refused("file_update_failed")
    return file


def _channels(ws: Workspace, args: Args) -> list[Channel]:
    names = [each.strip() for each in (args.text("channel_id") or args.text("channels")).split(",") if each.strip()]
    if len(names) > CHANNELS_MOST:
        raise Refused("channels_limit_exceeded")
    channels = [post_target(ws, name) for name in names]
    if any(ws.bot.id not in channel.members for channel in channels):
        raise Refused("not_in_channel")
    return channels


def _share(
    ws: Workspace, files: list[File], channel: Channel, thread_ts: str | None, *, comment: str, blocks: list[Json]
) -> None:
    ids = [file.id for file in files]
    message = ws.post(channel, ws.bot, comment, blocks=blocks, thread_ts=thread_ts, files=ids)
    for file in files:
        file.shares.append((channel.id, message.ts))
        ws.tell(Change("file", channel.id, message.ts))


def file_info(ws: Workspace, args: Args) -> Json:
    """files.info."""
    file = ws.files.get(args.need("file"))
    if file is None or not file.completed:
        raise Refused("file_not_found")
    shape = file_shape(ws, file) | {"shares": file_shares(ws, file)}
    more: Json = {"comments": [], "response_metadata": {"next_cursor": ""}}
    if file.snippet_type:
        more["content"] = (file.content or b"").decode(errors="replace")
    return {"ok": True, "file": shape, **more}
