"""Handling an incident through its message's buttons: people take it on, snooze it, or retry it.

The message shows the outcome, so only a click that couldn't be carried out is answered, in private.

`bot.core.watching.handling` and `bot.core.watching.snooze` decide how long a click's effect lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from bot.core.model.asker import Asker
from bot.core.model.command import RetryCommand
from bot.core.model.incident import Incident, IncidentState, RetryAsked, RetryOfIncident
from bot.core.model.request import Request
from bot.core.model.run import RunKey, is_final, run_url
from bot.core.text.message import Buttons, Message, Paragraph
from bot.core.text.text import Bold, Code, Link, Mention, Sentence, Span, When
from bot.core.text.user_ids import is_user
from bot.core.views.buttons import IncidentButton, command_button, read_snooze_value
from bot.core.views.incident import taken_message
from bot.core.views.retry_failing import RefusedRetry, outcome, question, to_retry
from bot.core.watching import handling
from bot.core.watching.edits import edit_for
from bot.core.watching.incident_retries import is_starting
from bot.core.watching.snooze import SnoozeChoice
from bot.core.watching.wall_clock import zone_named
from bot.flows.ports.slack import People
from bot.flows.ports.store import Audit, Runs
from bot.flows.ports.watch_store import Incidents
from bot.flows.quiet_hours import QuietHours
from bot.flows.read_incident_retries import IncidentRetries

log = structlog.get_logger()

# How many times a change is tried if others change the incident at the same time.
TRIES = 5
BUSY = "This incident is being updated right now, so I didn't do anything. Click again in a moment."
NOBODY_ON_IT = "Nobody is on it, so there's nothing to undo."
NOTHING = "Nothing was started."
NOT_SNOOZED = "This incident isn't snoozed, so there's nothing to undo."
UTC = ZoneInfo("UTC")

# Returns the changed incident, or the answer that says why it isn't changed.
Change = Callable[[Incident], Incident | Message]


class IncidentHandler:
    """Carries out clicks on an incident's buttons. All methods raise StoreUnavailable."""

    def __init__(
        self,
        incidents: Incidents,
        runs: Runs,
        people: People,
        audit: Audit,
        quiet: QuietHours,
        retries: IncidentRetries,
        *,
        workspace: str,
        app_url: str,
        slash_command: str,
    ) -> None:
        self._incidents = incidents
        self._runs = runs
        self._people = people
        self._audit = audit
        self._quiet = quiet
        self._retries = retries
        self._workspace = workspace
        self._app_url = app_url
        self._slash_command = slash_command

    async def find_open(self, channel: str, schedule: str) -> Incident | Message:
        """Find the open incident of a schedule in a channel, or say why there's nothing to do."""
        stored = await self._incidents.load_incident(channel, schedule)
        if stored is None:
            return self._gone()
        return stored.incident if stored.incident.is_open else _over(stored.incident)

    async def find_chosen(self, channel: str, value: str) -> tuple[Incident, SnoozeChoice] | Message:
        """Find the open incident, and for how long to snooze it, in the value of a chosen option."""
        opened = {one.incident.schedule: one.incident for one in await self._incidents.open_incidents(channel)}
        schedule, choice = read_snooze_value(value, opened)
        if not schedule or choice not in set(SnoozeChoice):
            return self._gone("This incident is no longer open.")
        return opened[schedule], SnoozeChoice(choice)

    # --- who works on it, and when it's reported again ---

    async def take_on(self, asker: Asker, name: str, schedule: str, *, over: bool) -> Message | None:
        """Record that the person is on it; `over` takes it over from somebody else. `name` is the person's name."""
        now = await self._audit.now()

        def change(one: Incident) -> Incident | Message:
            if one.on_it is not None and one.on_it.user != asker.user and not over:
                return taken_message(one, one.on_it)
            return handling.take_on(one, asker.user, now, name=name)

        return await self._change(asker, schedule, "taken on", change)

    async def let_go(self, asker: Asker, schedule: str) -> Message | None:
        """Record that nobody is on the incident anymore."""
        return await self._change(
            asker, schedule, "let go", lambda one: handling.let_go(one) if one.on_it else Message((NOBODY_ON_IT,))
        )

    async def snooze(self, asker: Asker, name: str, schedule: str, choice: SnoozeChoice) -> Message | None:
        """Snooze an incident. *Until 9:00* means nine o'clock in the person's time zone."""
        zone = zone_named((await self._people.person(asker.user)).time_zone) if choice is SnoozeChoice.MORNING else UTC
        now = await self._audit.now()

        def change(one: Incident) -> Incident:
            return handling.snoozed(one, asker.user, choice, now, zone, name=name)

        return await self._change(asker, schedule, "snoozed", change)

    async def end_snooze(self, asker: Asker, schedule: str) -> Message | None:
        """Post again from now on."""
        now = await self._audit.now()

        def change(one: Incident) -> Incident | Message:
            return handling.unsnoozed(one, now) if one.snooze else Message((NOT_SNOOZED,))

        return await self._change(asker, schedule, "snooze ended", change)

    async def _change(self, asker: Asker, schedule: str, did: str, change: Change) -> Message | None:
        """Change an open incident. If another process changes it at the same time, decide again from its new state."""
        for _ in range(TRIES):
            stored = await self._incidents.load_incident(asker.channel, schedule)
            if stored is None:
                return self._gone()
            before = stored.incident
            if not before.is_open:
                return _over(before)
            after = change(before)
            if isinstance(after, Message):
                return after
            after = await self._quiet.withhold(before, after)
            if await self._incidents.store_incident(stored, after, edit_for(before, after)):
                log.info("an incident was handled", did=did, incident=before.key, user=asker.user)
                return None
        return Message((BUSY,))

    # --- retrying all of them ---

    async def find_failing(self, channel: str) -> list[Incident]:
        """Find the open incidents of a channel."""
        return await self._open_in(channel)

    def ask_to_retry(self, incidents: Sequence[Incident], refused: Mapping[str, str]) -> Message:
        """Ask whether to retry the newest failed run of each incident. `refused`: why not, for each schedule."""
        allowed = [one for one in incidents if one.schedule not in refused]
        others = [RefusedRetry(one, (refused[one.schedule],)) for one in to_retry(incidents) if one.schedule in refused]
        return question(allowed, self._app_url, others)

    async def still_to_retry(self, channel: str, runs: frozenset[int]) -> list[Incident]:
        """Find the open incidents whose newest failed run is one of those that the question listed."""
        return [one for one in to_retry(await self._open_in(channel)) if one.failed and one.failed.run in runs]

    def retried(self, started: Sequence[Incident], refused: Sequence[RefusedRetry]) -> Message:
        """Say what happened to each run that was to be retried."""
        return outcome(started, refused, self._app_url)

    async def _open_in(self, channel: str) -> list[Incident]:
        found = await self._incidents.open_incidents(channel)
        return [incident for incident, _start in [await self._retries.read_retry(one) for one in found]]

    # --- its runs ---

    async def failed_run(self, channel: str, button: IncidentButton) -> int:
        """The newest failed run of an incident in any state; if it isn't on record, the one that its message showed."""
        stored = await self._incidents.load_incident(channel, button.schedule)
        failed = stored.incident.failed if stored else None
        return failed.run if failed else button.run

    async def begin_retry(self, asker: Asker, button: IncidentButton) -> int | Message:
        """The failed run that a click retries, the reason it retries none, or the question about retrying a newer one.

        The click is recorded, so that another person's click doesn't start a second retry.
        """
        now = await self._audit.now()
        for _ in range(TRIES):
            stored = await self._incidents.load_incident(asker.channel, button.schedule)
            if stored is None:
                # The message outlives the record: Bolt says whether its run can be retried.
                return button.run or self._gone()
            found = await self._retriable(*await self._retries.read_retry(stored), asker, button, now)
            if isinstance(found, Message):
                return found
            if await self._incidents.store_incident(
                stored, handling.ask_retry(stored.incident, asker.user, now), "none"
            ):
                return found
        return Message((BUSY,))

    async def _retriable(
        self, incident: Incident, start: Request | None, asker: Asker, button: IncidentButton, now: datetime
    ) -> int | Message:
        if not incident.is_open:
            return _over(incident)
        if incident.retry is not None and await self._is_active(incident.retry):
            return self._being_retried(incident.retry)
        other = handling.other_asked(incident, asker.user, now)
        if start is not None and is_starting(start) and start.user != asker.user:
            other = RetryAsked(start.user, start.asked_at)
        if other is not None:
            return Message((Mention(other.by), " already asked for a retry at ", When(other.at), f". {NOTHING}"))
        newest = incident.failed.run if incident.failed else button.run
        return newest if newest == button.run else _asks(button.run, newest)

    async def run_to_cancel(self, channel: str, schedule: str) -> int | Message:
        """The run of the retry that a click cancels, or a message that says why there's none to cancel."""
        stored = await self._incidents.load_incident(channel, schedule)
        if stored is None:
            return self._gone()
        incident, start = await self._retries.read_retry(stored)
        if not incident.is_open:
            return _over(incident)
        name = Bold(incident.name or incident.schedule)
        if incident.retry is not None and await self._is_active(incident.retry):
            return incident.retry.run
        if is_starting(start):
            return Message(("The retry of ", name, " hasn't started yet. Nothing was cancelled."))
        return Message((name, " isn't being retried anymore. Nothing was cancelled."))

    async def _is_active(self, retry: RetryOfIncident) -> bool:
        """Whether a retry still runs: its own record may be newer than the incident's."""
        run = await self._runs.load_run(RunKey(self._workspace, retry.run)) if retry.run else None
        return not is_final(retry.state) and (run is None or not is_final(run.seen.state))

    # --- answers ---

    def _gone(self, why: str = "I no longer have a record of this incident.") -> Message:
        return Message((f"{why} ", Code(f"{self._slash_command} failing"), " lists what is failing here."))

    def _being_retried(self, retry: RetryOfIncident) -> Message:
        by: Span = Mention(retry.by) if is_user(retry.by) else retry.by.partition("@")[0]
        link = Link(run_url(self._app_url, retry.run), f"run {retry.run}")
        who: Sentence = (" by ", by) if by else ()
        return Message(("This schedule is already being retried", *who, " as ", link, f". {NOTHING}"))


def _over(incident: Incident) -> Message:
    """Answer a click on an incident that isn't open anymore."""
    name = Bold(incident.name or incident.schedule)
    if incident.state is IncidentState.RECOVERED:
        return Message((name, " has already recovered, so there's nothing left to do."))
    why = f": {incident.why}" if incident.why else ""
    return Message((f"This incident is closed{why}.",))


def _asks(shown: int, newest: int) -> Message:
    text: Sentence = (f"Run {shown} isn't the newest failed run anymore: run {newest} failed after it.",)
    button = command_button(f"Retry run {newest}", RetryCommand(every=False, run_id=newest))
    return Message((*text, " Nothing has been started yet."), (Paragraph(text), Buttons((button,))))
