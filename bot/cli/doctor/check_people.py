"""The doctor's check of the people, user groups and channels that the policy, owners and watches files name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.subject import Check, Subject
from bot.core.model.errors import ChannelRefused, ScopeMissing, SlackError, SlackRefused
from bot.core.policy.rules import Approve, Policy
from bot.core.text.text import plural
from bot.core.watching.owners import Owners, is_group
from bot.core.watching.watches_file import FileWatch
from bot.policy_file import load_policy
from bot.slack.client import SlackChat
from bot.slack.scopes import WITHOUT
from bot.watch_files import load_owners, load_watches

POLICY, OWNERS, WATCHES = "policy", "owners file", "watches file"
# Slack allows about a hundred of these calls a minute, and the running bot needs some.
LOOKUPS_MOST = 50
AT_ONCE = 10
CHANNELS = ("C", "G", "D")


@dataclass(frozen=True, slots=True)
class NamedIds:
    """Ids that a file names, and user groups as @handle; each with its place in the file."""

    file: str
    wheres: Mapping[str, str]
    consequence: str


def in_policy(policy: Policy) -> NamedIds:
    """Return the people, groups and channels that a policy names."""

    def found() -> Iterator[tuple[str, str]]:
        for rule in policy.rules:
            approvers = {rule.effect.by} if isinstance(rule.effect, Approve) else set()
            channels = {one for one in rule.where.channels if not one.startswith("#")}
            for name in sorted(rule.who.users | rule.who.groups | approvers | channels):
                yield name, f"The policy (line {rule.line})"

    return NamedIds(POLICY, dict(found()), "that part of the rule has no effect")


def in_owners(owners: Owners) -> NamedIds:
    """Return the people and user groups named in an owners file."""
    ids = [who for _, who in owners.by_schedule] + list(owners.by_owner.values())
    return NamedIds(OWNERS, dict.fromkeys(ids, "The owners file"), "that owner isn't mentioned")


def in_watches(watches: tuple[FileWatch, ...]) -> NamedIds:
    """Return the people, user groups and channels named in a watches file."""
    mentions = {one.command.mention: one.line for one in watches if one.command.mention not in {None, "owner", "none"}}
    wheres = {str(who): f"The watches file (line {line})" for who, line in mentions.items()}
    wheres |= {one.channel: f"The watches file (line {one.line})" for one in watches}
    return NamedIds(WATCHES, wheres, "nothing is posted there, or nobody is mentioned")


async def _names(subject: Subject) -> list[Finding]:
    """Look up everything that the files name."""
    settings = subject.settings
    if subject.identity is None:
        return []
    policy = load_policy(settings.bolt_bot_policy_file)
    found = [_rules(policy, subject.chat.granted)]
    named = [(in_policy(policy), settings.bolt_bot_policy_file)]
    named += [(in_owners(load_owners(settings.bolt_bot_owners_file)), settings.bolt_bot_owners_file)]
    named += [(in_watches(load_watches(settings.bolt_bot_watches_file)), settings.bolt_bot_watches_file)]
    lookup = Lookup(subject.chat)
    for one, file in named:
        if file is not None:
            wrong = await lookup.findings(one)
            found += wrong or [
                ok(one.file, f"Everything named in the file exists in Slack ({plural(len(one.wheres), 'name')}).")
            ]
    return found


def _rules(policy: Policy, granted: frozenset[str] | None) -> Finding:
    """Report how many rules there are, and whether people's email addresses can be read if a rule needs them."""
    scope = "users:read.email"
    if policy.asks_domain and granted is not None and scope not in granted:
        said = f"It names email domains, but the scope {scope} is missing: {WITHOUT[scope]}."
        return problem(POLICY, said, "Add the scope in the app's settings and install the app again.")
    return ok(
        POLICY, "No policy is set, so the default rules apply." if policy.is_default else f"{len(policy.rules)} rules."
    )


class Lookup:
    """Looks up ids and handles in Slack, as many as Slack's limits allow."""

    def __init__(self, chat: SlackChat) -> None:
        self._chat = chat
        self._left = LOOKUPS_MOST
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def findings(self, named: NamedIds) -> list[Finding]:
        """Return a finding for each name that Slack doesn't know, and for those that couldn't be looked up."""
        groups = [name for name in named.wheres if name.startswith("@") or is_group(name)]
        others = [name for name in named.wheres if name not in groups]
        looked_up, left = others[: self._left], others[self._left :]
        self._left -= len(looked_up)
        found = await self._unknown_groups(named, groups) if groups else []
        told = await asyncio.gather(*(self._find(named, name) for name in looked_up))
        found += [one for one in told if one is not None]
        if left:
            said = f"{len(left)} of the ids in the file were not checked: Slack limits how many can be looked up."
            found.append(
                warning(
                    named.file,
                    said,
                    "If a rule doesn't match someone it should, or an owner isn't mentioned, look up their id in Slack.",
                )
            )
        # One finding for everything that can't be looked up for the same reason.
        return list(dict.fromkeys(found))

    async def _unknown_groups(self, named: NamedIds, names: list[str]) -> list[Finding]:
        try:
            answer = await self._chat.call("usergroups.list")
        except SlackError as error:
            return [_not_checked(named, "user groups", error)]
        known = {word for one in answer.get("usergroups") or [] for word in (one.get("id"), f"@{one.get('handle')}")}
        level = problem if named.file == POLICY else warning
        return [
            level(
                named.file,
                f"{named.wheres[name]} names the user group {name}, which Slack doesn't have: {named.consequence}.",
                "Correct the handle or the id: Slack shows the handle under People, and the id in the group's menu.",
            )
            for name in names
            if name not in known
        ]

    async def _find(self, named: NamedIds, name: str) -> Finding | None:
        where = named.wheres[name]
        async with self._slots:
            try:
                if name.startswith(CHANNELS):
                    answer = (await self._chat.call("conversations.info", channel=name)).get("channel") or {}
                    wrong = "is archived" if answer.get("is_archived") else ""
                else:
                    answer = (await self._chat.call("users.info", user=name)).get("user") or {}
                    wrong = "is deactivated" if answer.get("deleted") else ""
            except ChannelRefused:
                said = f"{where} names the channel {name}, but it doesn't exist in Slack, or the bot isn't in it"
                return warning(named.file, f"{said}: {named.consequence}.", "Correct the id, or invite the bot there.")
            except ScopeMissing as missing:
                return _not_checked(named, "channels" if name.startswith(CHANNELS) else "people", missing)
            except SlackRefused:
                wrong = "isn't known to Slack"
            except SlackError as error:
                return _not_checked(named, "ids", error)
        fix = "Correct the id: it's in the menu of a person's profile, and at the end of a channel's details."
        return warning(named.file, f"{where} names {name}, which {wrong}: {named.consequence}.", fix) if wrong else None


def _not_checked(named: NamedIds, what: str, error: SlackError) -> Finding:
    if isinstance(error, ScopeMissing):
        scope = error.needed or "for that"
        said = f"The {what} named in the file were not checked, because the scope {scope} is missing."
        level = problem if named.file == POLICY and what == "user groups" else warning
        return level(named.file, said, "Add the scope in the app's settings and install the app again.")
    said = f"The {what} named in the file were not checked: {error.detail.rstrip('.')}."
    return warning(named.file, said, "Run the doctor again.")


CHECKS = (Check(POLICY, _names),)
