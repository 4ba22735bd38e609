"""The channels in which a person may have a card: those that they're a member of."""

from __future__ import annotations

import pytest

from bot.core.model.channel import MemberChannels
from bot.flows.channel_permission import ChannelPermissions, Permission
from tests.flows.fakes import FakeMemberships
from tests.flows.stage import ADA, CHANNEL, Stage


@pytest.mark.parametrize(
    ("names", "later", "whole", "member", "expected"),
    [
        ({CHANNEL: "x"}, None, True, None, Permission.YES),
        ({}, {CHANNEL: "x"}, True, None, Permission.YES),
        ({}, None, True, False, Permission.NO),
        ({}, None, False, True, Permission.YES),
        ({}, None, True, None, Permission.NO),
        ({}, None, False, None, Permission.UNKNOWN),
    ],
    ids=["listed", "just came in", "left", "not all are listed", "nobody says", "nobody knows"],
)
async def test_where_one_may_have_a_card(
    start_stage: Stage,
    names: dict[str, str],
    later: dict[str, str] | None,
    whole: bool,  # noqa: FBT001 - a parameter
    member: bool | None,  # noqa: FBT001 - a parameter
    expected: Permission,
) -> None:
    """A person may have cards in channels they're in; if a channel isn't listed, their memberships are read again."""
    memberships = FakeMemberships({CHANNEL: "data-eng"})
    permissions = ChannelPermissions(memberships, start_stage.indexes)
    memberships.channels = MemberChannels(names, whole)
    memberships.later = MemberChannels(later, whole) if later is not None else None
    memberships.members[CHANNEL, ADA] = member
    assert await permissions.may_run_in(ADA, CHANNEL) is expected


async def test_where_slack_does_not_tell_one_may_where_one_has_had_a_card(start_stage: Stage) -> None:
    """An earlier card in a channel lets only the person who asked for it have another one there."""
    memberships = FakeMemberships({CHANNEL: "data-eng"})
    permissions = ChannelPermissions(memberships, start_stage.indexes)
    await start_stage.start("r1")
    memberships.channels = MemberChannels({}, whole=False)
    assert await permissions.may_run_in(ADA, CHANNEL) is Permission.YES
    assert await permissions.may_run_in("U0BOB", CHANNEL) is Permission.UNKNOWN
