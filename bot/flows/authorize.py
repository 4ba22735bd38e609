"""Authorization: every command, click and form is checked by the policy, and each decision is recorded.

`bot.core.policy` matches rules, and listeners ask through `bot.slack.authorization`.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog

from bot.core.model.asker import Asker
from bot.core.model.audit_entry import AuditEntry, Event
from bot.core.model.bolt import Schedule
from bot.core.model.channel import ChannelInfo
from bot.core.model.command import RunCommand, canonical, command_of_watch
from bot.core.model.current import Current
from bot.core.model.errors import BoltError, StoreUnavailable
from bot.core.model.person import Person, Role
from bot.core.model.request import Approval, Request, StartPlan
from bot.core.model.run import Run, RunKey
from bot.core.model.watch import Watch
from bot.core.policy.decision import Decision, Verdict, decide
from bot.core.policy.rules import UNKNOWN_COMMAND, Action, Policy, Question, Target
from bot.core.text.message import Message
from bot.core.views.allowed_buttons import allowed
from bot.core.views.store_unavailable import cause
from bot.flows.ports.slack import People
from bot.flows.ports.store import Audit, Runs
from bot.flows.schedule_catalog import ScheduleCatalog

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")

# The most time that a check may take before a click is acknowledged, in seconds.
CHECK_S = 1.5
TEXT_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Attempt:
    """An action that a person attempts. `text` describes it, and `request` is the id of the delivery or start."""

    asker: Asker
    action: Action
    text: str
    request: str = ""
    user_name: str = ""
    posts: bool = False


def by_one_policy(
    decide_by: Callable[Concatenate[Authorizer, P], Awaitable[T]],
) -> Callable[Concatenate[Authorizer, P], Coroutine[Any, Any, T]]:
    """Wrap a method so that it ends with the policy it began with, even if that is replaced in the meantime."""

    @functools.wraps(decide_by)
    async def decide_by_pinned(self: Authorizer, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._policy.pinned():
            return await decide_by(self, *args, **kwargs)

    return decide_by_pinned


class Authorizer:
    """Decides by the policy. `mask` is applied to the texts that are recorded."""

    def __init__(
        self,
        policy: Current[Policy],
        people: People,
        runs: Runs,
        catalog: ScheduleCatalog,
        audit: Audit,
        *,
        workspace: str,
        mask: Callable[[str], str],
    ) -> None:
        self._policy = policy
        self._people = people
        self._runs = runs
        self._catalog = catalog
        self._audit = audit
        self._workspace = workspace
        self._mask = mask

    @property
    def policy(self) -> Policy:
        """The policy in effect."""
        return self._policy.value

    @by_one_policy
    async def decide_without_schedule(self, attempt: Attempt) -> Decision:
        """Decide on an attempt that isn't about a particular schedule."""
        return await self._decide(attempt, Target())

    @by_one_policy
    async def decide_unrecorded(self, asker: Asker, question: Question) -> Decision:
        """Decide without recording: for questions that nobody asked explicitly, such as those on every keystroke."""
        person, channel_info = await self._who(asker)
        return decide(self.policy, person, channel_info, question)

    @by_one_policy
    async def decide_on_run(self, attempt: Attempt, key: RunKey) -> Decision:
        """Decide on a run, by the schedule on its record."""
        return await self._decide(attempt, await self._target_of_run(key))

    @by_one_policy
    async def decide_on_schedule(self, attempt: Attempt, name: str) -> Decision:
        """Decide on a schedule by the name that was typed. If it isn't found, the schedule counts as unknown."""
        found = await self._schedule(name)
        return await self._decide(attempt, Target(None, name, None) if found is None else _whole(found))

    @by_one_policy
    async def decide_on_known_schedule(self, attempt: Attempt, schedule: Schedule) -> Decision:
        """Decide on a known schedule, without looking its name up again."""
        return await self._decide(attempt, _whole(schedule))

    @by_one_policy
    async def decide_on_schedules(
        self, attempt: Attempt, schedules: Sequence[Schedule], *, some_suffice: bool = False
    ) -> dict[str, Decision]:
        """Decide on many schedules, by slug, with one entry in the audit log.

        The entry is a refusal if any schedule is refused or, with `some_suffice`, only if every schedule is refused.

        Without schedules, the only decision is the one that isn't about a particular schedule.
        """
        targets = {one.slug: _whole(one) for one in schedules} or {"": Target()}
        return await self._decide_on_each(attempt, targets, some_suffice=some_suffice)

    @by_one_policy
    async def decide_on_slugs(self, attempt: Attempt, names: Mapping[str, str]) -> dict[str, Decision]:
        """Decide on schedules in our own records, by slug, with one audit entry, which is a refusal if all are refused.

        `names` has the name of each.
        """
        targets = {slug: await self._target(slug, name) for slug, name in names.items()}
        return await self._decide_on_each(attempt, targets, some_suffice=True)

    async def _decide_on_each(
        self, attempt: Attempt, targets: Mapping[str, Target], *, some_suffice: bool
    ) -> dict[str, Decision]:
        person, channel_info = await self._who(attempt.asker, acts=attempt.action.acts)
        decisions = {
            slug: decide(self.policy, person, channel_info, Question(attempt.action, target, posts=attempt.posts))
            for slug, target in targets.items()
        }
        decisive = (slug for slug, one in decisions.items() if one.allowed is some_suffice)
        noted = next(decisive, next(iter(decisions)))
        target = targets[noted] if len(targets) == 1 else Target()
        await self._note(_named(attempt, person), target, channel_info, decisions[noted])
        return decisions

    @by_one_policy
    async def decide_on_slug(self, attempt: Attempt, slug: str, name: str) -> Decision:
        """Decide on a schedule in our own records, which is looked up only if a rule depends on its owner."""
        return await self._decide(attempt, await self._target(slug, name))

    @by_one_policy
    async def decide_on_start(
        self, request: Request, plan: StartPlan, *, again: bool = False, approved: bool = False, patient: bool = False
    ) -> tuple[Decision, ChannelInfo]:
        """Decide whether a start may continue now that its plan is known.

        `again`: this decision was recorded before. `approved`: the start was approved, so the asker's role is read
        again. `patient`: if facts are unknown but may be known soon (`again_s`), nothing is recorded yet.
        """
        asker = Asker(request.team, request.user, request.channel, request.response_url, request.thread)
        action = action_of(request)
        attempt = Attempt(asker, action, canonical(request.start_command), request.id, request.user_name, posts=True)
        target = await self._target_of_start(request, plan)
        person, channel_info = await self._who(asker, acts=True, fresh=approved)
        decision = decide(self.policy, person, channel_info, Question(action, target, posts=True))
        if decision.verdict is Verdict.UNKNOWN:
            decision = replace(decision, again_s=max(person.again_s, channel_info.again_s))
        if not again and not (patient and decision.again_s):
            await self._note(_named(attempt, person), target, channel_info, decision)
        return decision, channel_info

    @by_one_policy
    async def decide_on_plan(self, attempt: Attempt, request: Request, plan: StartPlan) -> Decision:
        """Decide whether a person may repeat the start that was refused earlier."""
        return await self._decide(attempt, await self._target_of_start(request, plan))

    @by_one_policy
    async def may_approve(self, user: str, approval: Approval) -> bool | None:
        """Whether a person may approve, or None if that can't be determined now.

        Slack's limits for user groups are low, so a click by someone who isn't in the group doesn't read it again; for
        a member, everything is read again. Deactivated accounts and people from other organizations can't approve.
        """
        for fresh in (False, True):
            person = await self._people.person(user, fresh=fresh)
            if person.groups is None or person.roles is None:
                return None
            if not person.roles or Role.EXTERNAL in person.roles:
                return False
            if approval.by not in person.groups:
                return False
        return True

    async def group_id(self, name: str) -> str | None:
        """The Slack id of a user group that the policy names."""
        return await self._people.group(name)

    async def other_members(self, group: str, user: str) -> frozenset[str] | None:
        """The members of a user group that the policy names, other than `user`, or None if they can't be read.

        An empty group is read again before it's reported as empty.
        """
        members = await self._people.members(group)
        if members is not None and not members - {user}:
            members = await self._people.members(group, fresh=True)
        return None if members is None else members - {user}

    def can_show(self, commands: tuple[str, ...]) -> bool:
        """Whether commands can be shown verbatim, because the mask finds no secret in them."""
        return all(self._mask(command) == command for command in commands)

    async def record_refused_decision(self, asker: Asker, request: Request, *, yes: bool, why: str) -> None:
        """Record that a person tried to decide on a start without being allowed to."""
        log.warning("someone tried to decide on a start without permission", request=request.id, user=asker.user)
        what = f"{'approve' if yes else 'deny'} {canonical(request.start_command)}"
        attempt = Attempt(asker, action_of(request), what, request.id)
        target = Target(request.plan.slug) if request.plan else Target()
        await self._note(attempt, target, await self._people.channel(asker.channel), Decision(Verdict.DENY, reason=why))

    async def entry_about_watch(self, event: Event, attempt: Attempt, watch: Watch) -> AuditEntry:
        """The audit log's entry about an event of a watch, with the watch's pattern and options."""
        person, channel_info = await self._who(attempt.asker)
        attempt = replace(_named(attempt, person), text=canonical(command_of_watch(watch)))
        return replace(self._entry(event, attempt, channel_info), schedule=self._mask(watch.pattern)[:TEXT_KEPT])

    @by_one_policy
    async def with_allowed_buttons(self, asker: Asker, message: Message) -> Message:
        """For a person from another organization, remove the buttons that the policy would refuse.

        Only needed if the policy admits such people at all.
        """
        if not self.policy.admits_external:
            return message
        person, channel_info = await self._who(asker)
        if person.roles is None or Role.EXTERNAL not in person.roles:
            return message
        return allowed(message, lambda question: decide(self.policy, person, channel_info, question).allowed)

    async def asker_and_channel(self, asker: Asker) -> tuple[Person, ChannelInfo]:
        """The person who asks, and the channel."""
        return await self._who(asker)

    async def _decide(self, attempt: Attempt, target: Target) -> Decision:
        person, channel_info = await self._who(attempt.asker, acts=attempt.action.acts)
        decision = decide(self.policy, person, channel_info, Question(attempt.action, target, posts=attempt.posts))
        await self._note(_named(attempt, person), target, channel_info, decision)
        return decision

    async def _who(self, asker: Asker, *, acts: bool = False, fresh: bool = False) -> tuple[Person, ChannelInfo]:
        return await asyncio.gather(
            self._people.person(asker.user, acts=acts, fresh=fresh), self._people.channel(asker.channel)
        )

    async def _note(self, attempt: Attempt, target: Target, channel_info: ChannelInfo, decision: Decision) -> None:
        """Record a decision before it's carried out.

        If the audit log can't be written, reads go ahead; actions that would be allowed raise StoreUnavailable.
        """
        entry = replace(
            self._entry(Event.ASKED, attempt, channel_info),
            action=attempt.action,
            schedule=target.slug or "",
            decision=decision.verdict,
            rule=decision.rule,
            outcome=decision.reason,
        )
        try:
            await self._audit.add_entry(entry)
        except StoreUnavailable as error:
            if attempt.action.acts and decision.verdict in {Verdict.ALLOW, Verdict.APPROVE}:
                raise
            log.warning(
                "the audit entry couldn't be written",
                request=attempt.request,
                user=attempt.asker.user,
                why=cause(error),
            )

    def _entry(self, event: Event, attempt: Attempt, channel_info: ChannelInfo) -> AuditEntry:
        return AuditEntry(
            event,
            request=attempt.request,
            user=attempt.asker.user,
            user_name=attempt.user_name,
            team=attempt.asker.team,
            channel=attempt.asker.channel,
            channel_name=channel_info.name or "",
            text=self._mask(attempt.text)[:TEXT_KEPT],
        )

    # --- which schedule ---

    async def _target_of_run(self, key: RunKey) -> Target:
        try:
            run: Run | None = await self._runs.load_run(key) if key.workspace == self._workspace else None
        except StoreUnavailable:
            run = None
        if run is None or not run.facts.slug:
            return Target(slug=None, owner=None)
        return await self._target(run.facts.slug, run.facts.name)

    async def _target_of_start(self, request: Request, plan: StartPlan) -> Target:
        """The schedule of a start, with its overrides. A retry has its run's overrides."""
        target, start_command = await self._target(plan.slug, plan.name), request.start_command
        if isinstance(start_command, RunCommand):
            # The plan has the schedule's own branch.
            return replace(
                target,
                branch=None if start_command.branch == plan.branch else start_command.branch,
                commands=start_command.commands,
            )
        own = await self._schedule(plan.slug) if plan.slug else None
        other = None if own is not None and own.git_branch == plan.branch else plan.branch
        return replace(target, branch=other, commands=_commands_of_retry(plan))

    async def _target(self, slug: str, name: str) -> Target:
        """The target for a schedule. The owner is looked up only if a rule depends on owners."""
        if not slug:
            return Target(slug=None, name=name, owner=None)
        if not self.policy.asks_owner:
            return Target(slug, name)
        found = await self._schedule(slug)
        return Target(slug, name, owner=None) if found is None else _whole(found)

    async def _schedule(self, name: str) -> Schedule | None:
        try:
            found = await self._catalog.find_schedule(name)
        except BoltError:
            return None
        return found if isinstance(found, Schedule) else None


def _named(attempt: Attempt, person: Person) -> Attempt:
    """Add the person's name, which messages lack, unlike commands and clicks."""
    return attempt if attempt.user_name else replace(attempt, user_name=person.name)


def action_of(request: Request) -> Action:
    """The policy's action for a start."""
    return Action.START if isinstance(request.start_command, RunCommand) else Action.RETRY


def _commands_of_retry(plan: StartPlan) -> tuple[str, ...]:
    """The commands that a retry runs instead of the schedule's own.

    Returns a placeholder if its run had other commands that aren't known.
    """
    if plan.overridden:
        return plan.commands
    return () if plan.commands else (UNKNOWN_COMMAND,)


def _whole(schedule: Schedule) -> Target:
    return Target(schedule.slug, schedule.name, schedule.owner or "")
