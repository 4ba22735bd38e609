"""Actions of people in Slack: commands, clicks, mentions, modals, shortcuts, Home.

Owners' and admins' actions are in `bolt_sandbox.slack.admin`, and users.* in `bolt_sandbox.slack.methods_people`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bolt_sandbox.slack import payloads
from bolt_sandbox.slack.delivery import Delivery
from bolt_sandbox.slack.forms import asked_urls, chosen_state, filled_in, find_control, matching, message_state
from bolt_sandbox.slack.methods_views import push_on, replace_content
from bolt_sandbox.slack.model import Change, Channel, Json, Message, Private, Refused, ResponseUrl, User, View
from bolt_sandbox.slack.responses import show_ack
from bolt_sandbox.slack.sockets import Answer
from bolt_sandbox.slack.validate import check_view
from bolt_sandbox.slack.workspace import Workspace

ADMINS = ("admin", "owner", "primary_owner")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an action.

    `problem` is "" or the error that Slack shows (operation_timeout, dispatch_failed, …).
    """

    problem: str
    payload: Json | None = None
    trigger_id: str = ""
    confirm: Json | None = None

    def as_json(self) -> Json:
        """Return the JSON for the control API. `confirm` is the dialog that Slack would have shown before the click."""
        return {
            "acknowledged": not self.problem,
            "problem": self.problem,
            "payload": self.payload,
            "trigger_id": self.trigger_id,
            "confirm": self.confirm,
        }


class People:
    """Acts as a person. Names and ids are both accepted. Raises Refused if Slack would refuse an action."""

    def __init__(self, ws: Workspace, delivery: Delivery) -> None:
        self._ws = ws
        self._delivery = delivery

    def _acting(self, user_name: str) -> User:
        user = self._ws.user(user_name)
        if user.deleted:
            raise Refused("account_inactive")
        return user

    def _member(self, user_name: str, channel_name: str) -> tuple[User, Channel]:
        user = self._acting(user_name)
        channel = self.channel_named(user_name, channel_name)
        if user.id not in channel.members:
            raise Refused("user_not_in_channel")
        if channel.is_archived:
            raise Refused("is_archived")
        return user, channel

    def _check_at_ours(self, user: User) -> None:
        """Check that the person is in a workspace with the app. Otherwise commands and shortcuts aren't available."""
        if user.team or self._ws.team_id not in (user.teams or [self._ws.team_id]):
            raise Refused("invalid_command")

    async def slash(self, user_name: str, channel_name: str, command: str, text: str, *, times: int = 1) -> Outcome:
        """Type a slash command. `times` delivers this many copies at once, with one trigger_id."""
        user, channel = self._member(user_name, channel_name)
        self._check_at_ours(user)
        trigger_id = self._ws.new_trigger(user.id, channel=channel.id)
        url = self._ws.new_response_url(user.id, channel.id, None, ephemeral=True)
        payload = payloads.slash_command(
            self._ws, user, channel, command=command, text=text, trigger_id=trigger_id, response_url=url
        )
        record = self._ws.response_urls[url.partition("/response/")[2]]
        sent = (self._delivery.send("slash_commands", payload, answerable=True) for _time in range(times))
        answers = await asyncio.gather(*sent)
        problems = [self._show_answer(user, record, f"{command} {text}".strip(), answer) for answer in answers]
        return Outcome(problems[-1], answers[-1].payload, trigger_id)

    def _show_answer(self, user: User, record: ResponseUrl, typed: str, answer: Answer) -> str:
        problem = answer.problem
        try:
            show_ack(self._ws, record, typed, answer.payload or {})
        except Refused as refused:
            problem = refused.code
        if problem:
            self._notice(user, record.channel, f'{typed.partition(" ")[0]} failed with the error "{problem}"')
        return problem

    def _notice(self, user: User, channel_id: str, text: str) -> None:
        self._ws.show_privately(user.id, channel_id, text, via="slack", kind="notice")

    def find_message(self, user: User, channel: Channel, ts: str) -> Message | Private:
        """Return a message that a person sees: in the channel, or shown only to that person. Raises Refused."""
        private = self._ws.private(ts)
        if private is not None and private.user == user.id:
            return private
        message = channel.messages.get(ts)
        if message is None:
            raise Refused("message_not_found")
        return message

    def channel_named(self, user_name: str, channel_name: str) -> Channel:
        """Return the channel that a name means for a person, who need not be a member."""
        return self._ws.direct(self._ws.user(user_name).id) if channel_name == "dm" else self._ws.channel(channel_name)

    def newest_with(
        self,
        user_name: str,
        channel_name: str,
        *,
        action_id: str | None = None,
        label: str | None = None,
        block_id: str | None = None,
    ) -> str:
        """Return the ts of the newest visible message with a matching element. Raises Refused(action_not_found)."""
        user, channel = self._ws.user(user_name), self.channel_named(user_name, channel_name)
        private = [
            each
            for each in self._ws.privates
            if each.user == user.id and each.channel == channel.id and not each.deleted
        ]
        everything: list[Message | Private] = [*channel.messages.values(), *private]
        for message in sorted(everything, key=lambda each: float(each.ts), reverse=True):
            if matching(message.blocks, action_id, label, block_id):
                return message.ts
        raise Refused("action_not_found")

    async def click(
        self,
        user_name: str,
        channel_name: str,
        ts: str,
        *,
        action_id: str | None = None,
        label: str | None = None,
        block_id: str | None = None,
        value: Any = None,  # noqa: ANN401
        times: int = 1,
    ) -> Outcome:
        """Click a button of a message, or choose `value` in a menu. The element is found by action_id or label."""
        user, channel = self._member(user_name, channel_name)
        message = self.find_message(user, channel, ts)
        control = find_control(message.blocks, action_id, label, block_id)
        trigger_id = self._ws.new_trigger(user.id, channel=channel.id)
        private = isinstance(message, Private)
        url = self._ws.new_response_url(user.id, channel.id, message.ts, ephemeral=private)
        action = payloads.action_of(self._ws, control.element, control.block_id, chosen_state(control.element, value))
        source = payloads.message_source(self._ws, channel, message)
        values = message_state(message.blocks, control, value)
        payload = payloads.block_actions(
            self._ws, user, source, action, trigger_id=trigger_id, response_url=url, values=values
        )
        answers = await asyncio.gather(*(self._delivery.send("interactive", payload) for _time in range(times)))
        for answer in answers:
            if answer.problem:
                self._notice(user, channel.id, f'The button failed with the error "{answer.problem}"')
        return Outcome(answers[-1].problem, None, trigger_id, control.element.get("confirm"))

    async def say(
        self, user_name: str, channel_name: str, text: str, *, thread_ts: str | None = None, times: int = 1
    ) -> Message:
        """Write a message. A mention of the bot, or a direct message to it, reaches the app as an event.

        As Slack documents, a mention in a direct message is sent only as a message event. `times` is how many
        copies of the event are delivered at once.
        """
        user, channel = self._member(user_name, channel_name)
        if channel.kind == "im" and self._ws.features.messages_tab_read_only:
            raise Refused("messages_tab_disabled")
        if thread_ts is not None and thread_ts not in channel.messages:
            raise Refused("thread_not_found")
        message = self._ws.post(channel, user, text, thread_ts=thread_ts)
        if channel.kind == "im":
            inner = payloads.message_event(self._ws, message, "message")
        elif self._is_mentioned(channel, text):
            inner = payloads.message_event(self._ws, message, "app_mention")
        else:
            return message
        await self._delivery.send_event(payloads.event(self._ws, inner), times=times)
        return message

    def _is_mentioned(self, channel: Channel, text: str) -> bool:
        bot = self._ws.bot.id
        return bot in channel.members and re.search(rf"<@{bot}(\|[^>]*)?>", text) is not None

    async def edit(self, user_name: str, channel_name: str, ts: str, text: str) -> Message:
        """Edit the person's own message. If it mentions the bot, the app gets it again, marked as edited."""
        user, channel = self._member(user_name, channel_name)
        message = channel.messages.get(ts)
        if message is None or message.user != user.id:
            raise Refused("cant_update_message")
        self._ws.edit(message, text, [], mark=True)
        if channel.kind == "im":
            await self._send_event(payloads.changed_event(self._ws, message))
        elif self._is_mentioned(channel, text):
            await self._send_event(payloads.message_event(self._ws, message, "app_mention"))
        return message

    def delete(self, user_name: str, channel_name: str, ts: str) -> None:
        """Delete a message: the person's own or, if the person is an admin, anyone's, even the bot's."""
        user, channel = self._member(user_name, channel_name)
        message = channel.messages.get(ts)
        if message is None or message.subtype == "tombstone":
            raise Refused("message_not_found")
        if message.user != user.id and user.role not in ADMINS:
            raise Refused("cant_delete_message")
        self._ws.delete(message)

    async def _send_event(self, inner: Json) -> Answer:
        return await self._delivery.send_event(payloads.event(self._ws, inner))

    async def mention(
        self, user_name: str, channel_name: str, text: str, *, thread_ts: str | None = None, times: int = 1
    ) -> Message:
        """Mention the bot in a message, with "@bolt " before its text."""
        said = f"<@{self._ws.bot.id}> {text}"
        return await self.say(user_name, channel_name, said, thread_ts=thread_ts, times=times)

    async def open_home(self, user_name: str, tab: str = "home") -> Outcome:
        """Open the app's Home."""
        user = self._acting(user_name)
        view = self._ws.views.get(self._ws.homes.get(user.id, ""))
        inner = payloads.home_opened(self._ws, user, self._ws.direct(user.id), tab, view)
        return Outcome((await self._send_event(inner)).problem)

    async def shortcut(self, user_name: str, callback_id: str, channel_name: str = "") -> Outcome:
        """Use a global shortcut, optionally with a conversation open; the app isn't told which one."""
        user = self._acting(user_name)
        self._check_at_ours(user)
        channel_id = self.channel_named(user_name, channel_name).id if channel_name else ""
        trigger_id = self._ws.new_trigger(user.id, channel=channel_id)
        payload = payloads.global_shortcut(self._ws, user, callback_id, trigger_id)
        answer = await self._delivery.send("interactive", payload)
        return Outcome(answer.problem, None, trigger_id)

    async def message_shortcut(self, user_name: str, channel_name: str, ts: str, callback_id: str) -> Outcome:
        """Use a shortcut in a message's menu."""
        user, channel = self._member(user_name, channel_name)
        self._check_at_ours(user)
        message = self.find_message(user, channel, ts)
        if isinstance(message, Private):
            raise Refused("message_not_found")
        trigger_id = self._ws.new_trigger(user.id, channel=channel.id)
        url = self._ws.new_response_url(user.id, channel.id, None, ephemeral=True)
        payload = payloads.message_shortcut(
            self._ws, user, message, callback_id, trigger_id=trigger_id, response_url=url
        )
        answer = await self._delivery.send("interactive", payload)
        return Outcome(answer.problem, None, trigger_id)

    # Modals and Home

    def _open_view(self, view_id: str) -> tuple[User, View]:
        view = self._ws.views.get(view_id)
        if view is None or not view.open:
            raise Refused("not_found")
        return self._acting(view.user), view

    async def click_in_view(
        self,
        view_id: str,
        action_id: str,
        value: Any = None,  # noqa: ANN401
        *,
        filled: Json | None = None,
    ) -> Outcome:
        """Click a button of a modal or a Home tab, or choose a value in a menu.

        `filled`: the inputs so far, as in `submit`.
        """
        user, view = self._open_view(view_id)
        control = find_control(view.content["blocks"], action_id, None, None)
        trigger_id = self._ws.new_trigger(user.id, view.id)
        action = payloads.action_of(self._ws, control.element, control.block_id, chosen_state(control.element, value))
        state = filled_in(view.content["blocks"], filled or {}, gaps=True, current=self._current(view))
        source = payloads.view_source(self._ws, view, state)
        payload = payloads.block_actions(self._ws, user, source, action, trigger_id=trigger_id, response_url=None)
        answer = await self._delivery.send("interactive", payload)
        return Outcome(answer.problem, None, trigger_id, control.element.get("confirm"))

    async def submit(self, view_id: str, values: Json, *, times: int = 1) -> Outcome:
        """Submit a modal. `values`: {block_id: {action_id: value}}; missing inputs have their initial value.

        `times` is how many copies of the submission are delivered at once.
        """
        user, view = self._open_view(view_id)
        blocks = view.content["blocks"]
        state = filled_in(blocks, values, current=self._current(view))
        trigger_id = self._ws.new_trigger(user.id, view.id)
        urls = [self._url_for(user, *asked) for asked in asked_urls(blocks, state)]
        payload = payloads.view_submission(self._ws, user, view, state, trigger_id=trigger_id, response_urls=urls)
        sent = (self._delivery.send("interactive", payload, answerable=True) for _time in range(times))
        answer = (await asyncio.gather(*sent))[-1]
        if answer.problem:
            self._notice(user, "", "We had some trouble connecting. Try again?")
            return Outcome(answer.problem, None, trigger_id)
        return Outcome(self._follow(view, answer.payload or {}), answer.payload, trigger_id)

    def _current(self, view: View) -> Channel | None:
        return self._ws.channels.get(view.channel)

    def _url_for(self, user: User, block_id: str, action_id: str, channel_id: str) -> Json:
        url = self._ws.new_response_url(user.id, channel_id, None, ephemeral=True)
        return {"block_id": block_id, "action_id": action_id, "channel_id": channel_id, "response_url": url}

    def _follow(self, view: View, payload: Json) -> str:
        action = payload.get("response_action")
        if action == "errors":
            return ""
        if action == "clear":
            self._shut(each for each in self._ws.views.values() if each.root == view.root)
        elif action in ("update", "push"):
            try:
                content = check_view(payload.get("view"), "modal")
                content = {**content, "blocks": self._ws.with_ids(content["blocks"])}
                if action == "update":
                    replace_content(self._ws, view, content)
                else:
                    push_on(self._ws, view, content)
            except Refused as refused:
                return refused.code
        else:
            self._shut([view])
        return ""

    def _shut(self, views: Iterable[View]) -> None:
        for view in views:
            if view.open:
                view.open = False
                self._ws.tell(Change("view", "", view.id, view.user))

    async def close_view(self, view_id: str, *, all_of_them: bool = False) -> Outcome:
        """Close a modal, or its whole stack. The app is notified if `notify_on_close` was set."""
        user, view = self._open_view(view_id)
        stack = [each for each in self._ws.views.values() if each.root == view.root]
        self._shut(stack if all_of_them else [view])
        if not view.content.get("notify_on_close"):
            return Outcome("")
        payload = payloads.view_closed(self._ws, user, view, cleared=all_of_them)
        return Outcome((await self._delivery.send("interactive", payload)).problem)

    async def suggest(self, view_id: str, action_id: str, value: str) -> Outcome:
        """Type in an external select of a view. The options are returned in `payload`."""
        user, view = self._open_view(view_id)
        control = find_control(view.content["blocks"], action_id, None, None)
        source = payloads.view_source(self._ws, view, {})
        payload = payloads.block_suggestion(
            self._ws, user, source, action_id=action_id, block_id=control.block_id, value=value
        )
        answer = await self._delivery.send("interactive", payload, answerable=True)
        return Outcome(answer.problem, answer.payload)
