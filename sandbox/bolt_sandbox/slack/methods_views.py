"""views.*: modals and the Home tab."""

from __future__ import annotations

from bolt_sandbox.slack.args import Args
from bolt_sandbox.slack.model import Change, Json, Refused, View
from bolt_sandbox.slack.shapes import view_shape
from bolt_sandbox.slack.validate import check_view
from bolt_sandbox.slack.workspace import Workspace

STACK_MOST = 3


def _content(ws: Workspace, args: Args, kind: str) -> Json:
    content = args.structure("view", "invalid_arguments")
    checked = check_view(content, "home" if kind == "home" else "modal")
    return {**checked, "blocks": ws.with_ids(checked["blocks"])}


def _new(ws: Workspace, user: str, kind: str, content: Json, *, below: View | None = None, channel: str = "") -> View:
    view_id = ws.new_id("V")
    root, previous = (below.root, below.id) if below else (view_id, None)
    made = View(view_id, user, "home" if kind == "home" else "modal", content, _hash(ws), root, previous)
    made.channel = below.channel if below else channel
    ws.views[view_id] = made
    ws.tell(Change("view", "", view_id, user))
    return made


def _hash(ws: Workspace) -> str:
    return f"{int(ws.clock())}.{ws.new_id('', 8)}"


def open_view(ws: Workspace, args: Args) -> Json:
    """views.open."""
    trigger_id = args.need("trigger_id")
    content = _content(ws, args, "modal")
    trigger = ws.exchange_trigger(trigger_id)
    for view in ws.views.values():
        if view.user == trigger.user and view.kind == "modal":
            view.open = False
    return {"ok": True, "view": view_shape(ws, _new(ws, trigger.user, "modal", content, channel=trigger.channel))}


def push_view(ws: Workspace, args: Args) -> Json:
    """views.push: on top of the modal in which the person acted."""
    trigger_id = args.need("trigger_id")
    content = _content(ws, args, "modal")
    trigger = ws.exchange_trigger(trigger_id)
    below = ws.views.get(trigger.view or "")
    if below is None or not below.open:
        raise Refused("not_found")
    return {"ok": True, "view": view_shape(ws, push_on(ws, below, content))}


def push_on(ws: Workspace, below: View, content: Json) -> View:
    """Push a modal on top of another. Raises Refused(push_limit_reached): three are the maximum."""
    depth = sum(view.open and view.root == below.root for view in ws.views.values())
    if depth >= STACK_MOST:
        raise Refused("push_limit_reached")
    return _new(ws, below.user, "modal", content, below=below)


def update_view(ws: Workspace, args: Args) -> Json:
    """views.update: by view_id or external_id, guarded by `hash`."""
    view_id, external_id = args.text("view_id"), args.text("external_id")
    if not view_id and not external_id:
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: view_id"]})
    view = next(
        (
            each
            for each in ws.views.values()
            if each.open and (each.id == view_id or (external_id and each.content.get("external_id") == external_id))
        ),
        None,
    )
    if view is None:
        raise Refused("not_found")
    _guard(args, view)
    replace_content(ws, view, _content(ws, args, view.kind))
    return {"ok": True, "view": view_shape(ws, view)}


def _guard(args: Args, view: View) -> None:
    if args.text("hash") and args.text("hash") != view.hash:
        raise Refused("hash_conflict")


def replace_content(ws: Workspace, view: View, content: Json) -> None:
    """Replace a view's content."""
    view.content, view.hash = content, _hash(ws)
    ws.tell(Change("view", "", view.id, view.user))


def publish(ws: Workspace, args: Args) -> Json:
    """views.publish: a person's Home tab, if the app has one."""
    if not ws.features.home_tab:
        raise Refused("not_enabled")
    user_id = args.need("user_id")
    if user_id not in ws.users:
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] user_not_found: user_id"]})
    content = _content(ws, args, "home")
    existing = ws.views.get(ws.homes.get(user_id, ""))
    if existing is None:
        existing = _new(ws, user_id, "home", content)
        ws.homes[user_id] = existing.id
    else:
        _guard(args, existing)
        replace_content(ws, existing, content)
    return {"ok": True, "view": view_shape(ws, existing)}
