"""The stage of one seed: Redis, the sandbox in this process, the replicas, and the people."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from bolt_sandbox.bolt import BoltWorld, auth
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.model import Actor, Character, Schedule
from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Refused, Workspace, payloads
from bolt_sandbox.slack.delivery import Kind, Retry
from bolt_sandbox.slack.forms import find_control, matching
from bolt_sandbox.slack.model import Change, Message, Private
from bolt_sandbox.slack.responses import show_ack
from bolt_sandbox.slack.sockets import Answer, Connection
from bot.core.model.request import request_id
from bot.manifest import render_manifest
from tests.chaos.checks import NOT_WRITTEN
from tests.chaos.plan import DROP, FOLLOW, Click, Plan, Press, Typed
from tests.chaos.processes import PASSWORD, ROOT, Replica, Store
from tests.chaos.seen import STALL, Command, Pressed, Spell, StopSeen, Upset
from tests.chaos.strikes import OWN_ADDRESS, OWN_TOKEN, Handler, Striker
from tests.ports import claims

KEY, SECRET = "chaos-api-Key-1", "chaos-api-Secret-2"
BOLT_SPEED = 2.0
LABEL = "Cancel run"
TYPED_MOST = 8
NEW = 5
# Slack sends an unacknowledged event again after a minute and after five.
EVENT_RETRIES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
TYPED_AGAIN_S = 1.5
# A fifth of the time that a replica waits for an answer: reading, handling and answering take several turns.
PULSE_S, STALL_S = 0.05, 0.2
# Commands that are typed again have their own numbers.
NUMBERS = 10_000
SETTINGS = {
    "BOLT_BOT_HTTP_HOST": "127.0.0.1",
    "BOLT_BOT_LEASE_S": "2",
    "BOLT_BOT_API_TIMEOUT_S": "1",
    "BOLT_BOT_DISCOVER_S": "1",
    "BOLT_BOT_POLL_MIN_S": "0.3",
    "BOLT_BOT_POLL_MAX_S": "1",
    "BOLT_BOT_USER_LIMIT": "10000",
    "BOLT_BOT_CHANNEL_LIMIT": "10000",
    "BOLT_BOT_EDITS_A_MINUTE": "3000",
    "BOLT_BOT_POSTS_A_MINUTE": "3000",
}

Json = dict[str, Any]


class OwnWorkspace(Workspace):
    """A workspace that gives each replica addresses on the replica's own port."""

    def address(self, path: str) -> str:
        """An absolute address of this workspace."""
        return f"{OWN_ADDRESS.get() or self.base_url}{self.prefix}{path}"


@dataclass(slots=True)
class Clicked:
    """A click on *Cancel run*, and its outcome."""

    run: int
    user: str
    at: float
    token: str
    acknowledged: bool = False


@dataclass(slots=True)
class Stage:
    """The stage of one seed."""

    plan: Plan
    folder: Path
    beside: Path | None = None
    sandbox: Sandbox = field(init=False)
    store: Store = field(init=False)
    striker: Striker = field(init=False)
    replicas: list[Replica] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    clicked: list[Clicked] = field(default_factory=list)
    # The other buttons that were pressed, each with its response_url's token.
    pressed: list[tuple[Pressed, str]] = field(default_factory=list)
    # The texts that were sent to a response_url, by its token.
    told: dict[str, list[str]] = field(default_factory=dict)
    tokens: dict[int, str] = field(default_factory=dict)
    private_by_url: set[str] = field(default_factory=set)
    # By kind of request: the replica that acknowledges the next one is killed, and restarted after this many seconds.
    kill_at_ack: dict[str, list[float]] = field(default_factory=dict)
    # The times when this process, which runs Slack and Bolt, was delayed, so that everything else was delayed too.
    stalls: list[Upset] = field(default_factory=list)
    history: int = 0
    # The keys of incidents whose messages were snoozed.
    snoozed: set[str] = field(default_factory=set)
    asked_to_retry: int = 0
    quiet: list[Spell] = field(default_factory=list)
    gaps: list[Spell] = field(default_factory=list)
    absences: list[Spell] = field(default_factory=list)
    stops: list[StopSeen] = field(default_factory=list)
    # Jumps of Bolt's clock: its time before each jump, and how far it jumped.
    jumps: list[tuple[float, float]] = field(default_factory=list)
    _pulse: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        """Set up the sandbox."""
        auth.KEYS[(KEY, SECRET)] = Actor("API key chaos")
        self.sandbox = Sandbox(OwnWorkspace(render_manifest()), bolt=BoltWorld(speed=BOLT_SPEED))
        self.sandbox.workspace.rates.enabled = False
        self.sandbox.slack.delivery.event_retries_s = EVENT_RETRIES_S
        self.sandbox.workspace.listeners.append(self._changed)
        self.store = Store(self.folder, self.plan.fsync)
        self.striker = Striker(self._kill)
        self._furnish_slack()
        self._furnish_bolt()
        self._watch_deliveries()
        self.history = max(run.id for run in self.sandbox.bolt.runs())
        self.sandbox.bolt.shift_clock(self.plan.withheld.skew_s)

    def _furnish_slack(self) -> None:
        ws = self.sandbox.workspace
        people = [ws.add_user(name).id for name in self.plan.users]
        for planned in self.plan.channels:
            kind = "private" if planned.bot == "private" else "public"
            ours = [ws.bot.id] if planned.bot == "in" else []
            ws.add_channel(planned.name, "private" if kind == "private" else "public", [*ours, *people])

    def _furnish_bolt(self) -> None:
        for timetable in self.plan.timetables:
            steps = own_character(list(timetable.commands)).steps
            character = Character(steps, phases=(("STARTING", 0.6),), exclusive=timetable.exclusive)
            name = timetable.slug.title()
            self.sandbox.bolt.add_schedule(Schedule(0, name, timetable.slug, character, source="api"))

    # --- from the beginning to the end ---

    async def start(self) -> None:
        """Start everything, and wait until all replicas are ready."""

        @web.middleware
        async def struck(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self.striker.handle(request, handler)

        self.sandbox.app.middlewares.append(struck)
        self._pulse = asyncio.create_task(self._feel_pulse())
        await self.sandbox.start()
        await self.store.start()
        for number in range(self.plan.replicas):
            await self._add_replica(number)
        await asyncio.gather(*(replica.until_ready() for replica in self.replicas))

    async def _add_replica(self, number: int) -> None:
        port = await self._own_port(number)
        base = f"http://127.0.0.1:{port}"
        environment = {
            **self.sandbox.env(),
            **SETTINGS,
            "SLACK_API_URL": f"{base}/slack/api/",
            "PARADIME_API_ENDPOINT": f"{base}/bolt/graphql",
            "PARADIME_API_KEY": KEY,
            "PARADIME_API_SECRET": SECRET,
            "REDIS_URL": self.store.url,
            "BOLT_BOT_DATA_DIR": str(self.folder / "data"),
        }
        beside = self.beside if number == 0 else None
        claim = next(claims()) if beside is not None else None
        replica = Replica(number, self.folder, environment, beside or ROOT, self.store.is_away, claim=claim)
        self.replicas.append(replica)
        replica.start()

    async def _own_port(self, number: int) -> int:
        """Serve the sandbox to this replica on a port of its own, so that replicas' calls can be told apart."""
        runner = self.sandbox._runner
        if runner is None:
            raise RuntimeError("the sandbox is not started")
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = int(runner.addresses[-1][1])
        self.striker.ports[port] = number
        return port

    async def _feel_pulse(self) -> None:
        while True:
            began = time.time()
            await asyncio.sleep(PULSE_S)
            if time.time() - began > PULSE_S + STALL_S:
                self.stalls.append(Upset(STALL, -1, began, time.time()))

    async def close(self) -> None:
        """Kill the replicas, and stop everything else."""
        if self._pulse is not None:
            self._pulse.cancel()
        for replica in self.replicas:
            replica.destroy()
            await replica.stop()
        await self.sandbox.stop()
        await self.store.close()

    # --- Bolt's clock ---

    def advance(self, seconds: float) -> None:
        """Let time pass at Bolt, all at once."""
        self.jumps.append((self.sandbox.bolt.clock().timestamp(), seconds))
        self.sandbox.bolt.advance(seconds)

    def our_time(self, at: float) -> float:
        """Convert a time on Bolt's clock to ours."""
        passed = sum(min(seconds, max(0.0, at - before)) for before, seconds in self.jumps)
        return at - passed - self.plan.withheld.skew_s

    # --- callbacks ---

    def _kill(self, replica: int, restart_after_s: float) -> None:
        self.replicas[replica].kill(restart_after_s)

    def _changed(self, change: Change) -> None:
        """Note which response_url a private message was sent to."""
        token = OWN_TOKEN.get()
        if change.kind != "private" or not token:
            return
        private = self.sandbox.workspace.private(change.ts)
        if private is not None and private.via != "ack":
            self.private_by_url.add(private.ts)
            self.told.setdefault(token, []).append(private.text)

    # --- what people do ---

    async def type(self, typed: Typed) -> None:
        """Type a command; if it wasn't accepted, type it again a little later, up to TYPED_MOST times."""
        for again in range(TYPED_MOST):
            number = typed.number + again * NUMBERS
            command = await self._type(replace(typed, number=number, reason=f"{typed.reason}.{again}"))
            if not all(command.problems) and not any(NOT_WRITTEN in text for text in command.answers):
                return
            await asyncio.sleep(TYPED_AGAIN_S)

    async def _type(self, typed: Typed) -> Command:
        """Type a command; each of its deliveries is answered separately."""
        ws, slack = self.sandbox.workspace, self.sandbox.slack
        user, channel = ws.user(typed.user), ws.channel(typed.channel)
        trigger_id = ws.new_trigger(user.id)
        url = ws.new_response_url(user.id, channel.id, None, ephemeral=True)
        token = url.partition("/response/")[2]
        payload = payloads.slash_command(
            ws, user, channel, command="/bolt", text=typed.text, trigger_id=trigger_id, response_url=url
        )
        self.tokens[typed.number] = token
        at = time.time()
        sent = (slack.delivery.send("slash_commands", payload, answerable=True) for _ in range(typed.times))
        answers = await asyncio.gather(*sent)
        for answer in answers:
            self._show(token, typed.text, answer)
        command = Command(
            number=typed.number,
            request=request_id(ws.team_id, trigger_id),
            user=user.id,
            channel=channel.id,
            reason=typed.reason,
            at=at,
            problems=tuple(answer.problem for answer in answers),
            answers=tuple(str((answer.payload or {}).get("text") or "") for answer in answers),
        )
        self.commands.append(command)
        return command

    def _watch_deliveries(self) -> None:
        """Watch deliveries, so that a replica can be killed right after an acknowledgement."""
        delivery = self.sandbox.slack.delivery
        send = delivery.send

        async def watched(kind: Kind, payload: Json, *, answerable: bool = False, retry: Retry | None = None) -> Answer:
            before = self._waiting()
            sending = asyncio.ensure_future(send(kind, payload, answerable=answerable, retry=retry))
            await asyncio.sleep(0)
            target = next((one for one, ids in self._waiting().items() if ids - before.get(one, frozenset())), None)
            answer = await sending
            kills = self.kill_at_ack.get(kind, [])
            if not answer.problem and kills and target is not None:
                self._kill(self.replica_of(target), kills.pop(0))
            return answer

        delivery.send = watched  # type: ignore[method-assign]  # only to listen

    def _waiting(self) -> dict[Connection, frozenset[str]]:
        return {one: frozenset(one.waiting) for one in self.sandbox.slack.delivery.sockets.connections}

    def _show(self, token: str, text: str, answer: Answer) -> None:
        ws = self.sandbox.workspace
        try:
            show_ack(ws, ws.response_urls[token], f"/bolt {text}", answer.payload or {})
        except Refused as refused:
            raise AssertionError(f"an acknowledgement is not valid: {refused.code}") from refused

    async def click(self, click: Click) -> None:
        """Click *Cancel run* on one of the cards with that button, as one of the people."""
        ws = self.sandbox.workspace
        cards = [card for card in self.cards() if matching(card.blocks, None, LABEL, None)]
        if not cards:
            return
        card = cards[int(click.pick * len(cards)) % len(cards)]
        user = ws.user(self.plan.users[int(click.pick * 1000) % len(self.plan.users)])
        before = set(ws.response_urls)
        clicking = asyncio.ensure_future(
            self.sandbox.slack.people.click(user.id, card.channel, card.ts, label=LABEL, times=click.times)
        )
        await asyncio.sleep(0)
        token = self._token_of(user.id, card.ts, before)
        runs = run_ids(card)
        clicked = Clicked(runs[0] if runs else 0, user.id, time.time(), token)
        self.clicked.append(clicked)
        # The button may have disappeared at this very moment.
        with contextlib.suppress(Refused):
            clicked.acknowledged = not (await clicking).problem

    async def press(self, press: Press) -> None:
        """Press a button with that label: on a card as one of the people, on a private answer as its reader."""
        ws = self.sandbox.workspace
        shown: list[Message | Private] = [*self.cards(), *(one for one in ws.privates if not one.deleted)]
        fits = [one for one in shown if matching(one.blocks, None, press.label, None)]
        if not fits:
            return
        # People click on new messages; buttons that a run's end has made obsolete are still there too.
        fits = sorted(fits, key=lambda one: float(one.ts))[-NEW:]
        message = fits[int(press.pick * len(fits)) % len(fits)]
        someone = ws.user(self.plan.users[int(press.pick * 1000) % len(self.plan.users)]).id
        user = message.user if isinstance(message, Private) else someone
        pressed = self._pressed(press.label, user, message)
        before = set(ws.response_urls)
        pressing = asyncio.ensure_future(
            self.sandbox.slack.people.click(user, message.channel, message.ts, label=press.label, times=press.times)
        )
        await asyncio.sleep(0)
        token = self._token_of(user, message.ts, before)
        at = len(self.pressed)
        self.pressed.append((pressed, token))
        # The button may have disappeared at this very moment.
        with contextlib.suppress(Refused):
            self.pressed[at] = (replace(pressed, acknowledged=not (await pressing).problem), token)

    def _pressed(self, label: str, user: str, message: Message | Private) -> Pressed:
        """The subject of a click, from the button's own value."""
        control = find_control(message.blocks, None, label, None)
        value = json.loads(str(control.element["value"]))
        known = Pressed(label, user, message.channel, time.time(), acknowledged=False)
        if label == FOLLOW:
            return replace(known, run=int(value["r"]))
        if label == DROP:
            return known
        refused = value["q"]
        new = request_id(self.sandbox.workspace.team_id, f"queue:{user}:{refused}")
        return replace(known, request=new, refused=refused)

    def _token_of(self, user: str, original: str, before: set[str]) -> str:
        """The token of the response_url that a click was given."""
        made = self.sandbox.workspace.response_urls.values()
        fits = (one for one in made if one.token not in before and (one.user, one.original) == (user, original))
        return next((one.token for one in fits), "")

    # --- what's visible ---

    def cards(self) -> list[Message]:
        """The bot's messages outside threads and direct conversations, oldest first."""
        ws = self.sandbox.workspace
        rooms = [channel for channel in ws.channels.values() if channel.kind != "im"]
        return [
            one
            for channel in rooms
            for one in channel.messages.values()
            if one.user == ws.bot.id and not one.is_reply and one.subtype is None
        ]

    def replica_of(self, connection: Connection) -> int:
        """The replica that a socket belongs to."""
        transport = connection.request.transport
        name = transport.get_extra_info("sockname") if transport else None
        return self.striker.ports.get(int(name[1]), 0) if name else 0

    def sockets_of(self, replica: int) -> list[Connection]:
        """The open sockets of a replica."""
        connections = self.sandbox.slack.delivery.sockets.connections
        return [one for one in connections if self.replica_of(one) == replica]

    def secrets(self) -> tuple[str, ...]:
        """The secrets that nobody may read."""
        ws = self.sandbox.workspace
        clones = [run.secret for run in self.sandbox.bolt.runs()]
        return (ws.bot_token, ws.app_token, KEY, SECRET, PASSWORD, *self.plan.secrets, *clones)


def run_ids(message: Message) -> tuple[int, ...]:
    """The runs that a message links to."""
    return tuple(dict.fromkeys(int(part.split("|")[0]) for part in message.text.split("/run_id/")[1:]))
