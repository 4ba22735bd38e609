"""How the entries of the audit log are listed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model.audit_entry import AuditEntry, AuditFilter, Event
from bot.core.views.audit_list import SHOWN, audit_list
from bot.slack.blocks.render import render

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


ENTRIES = st.builds(
    AuditEntry,
    st.sampled_from(list(Event)) | st.text(max_size=5),
    request=st.text(max_size=12),
    user=st.sampled_from(["", "U1", "<!channel>"]),
    text=st.text(max_size=300),
    schedule=st.text(max_size=30),
    decision=st.sampled_from(["", "allow", "deny", "approve", "unknown", "x"]),
    rule=st.text(max_size=300),
    run=st.none() | st.integers(1, 9999),
    outcome=st.text(max_size=300),
    at=st.none() | st.just(NOW),
)


@given(st.lists(ENTRIES, max_size=SHOWN), st.booleans())
def test_every_entry_can_be_shown(entries: list[AuditEntry], more: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """Every entry fits Slack's limits, and no name in it mentions anybody."""
    text, blocks = render(audit_list(tuple(entries), AuditFilter(), searched=5, more=more))
    assert len(blocks) <= 50
    assert "<!channel>" not in text + str(blocks)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            AuditEntry(Event.REFUSED, user="U1", schedule="nightly", outcome="It is paused."),
            "*nightly*, requested by <@U1>, wasn't started: It is paused.",
        ),
        (
            AuditEntry(Event.ENDED, user="U1", schedule="nightly", run=5, outcome="ERROR"),
            "run 5 of *nightly*, requested by <@U1>, ended: failed",
        ),
        (
            AuditEntry(Event.DROPPED, user="U2", schedule="nightly", outcome="-"),
            "<@U2> removed *nightly* from the queue",
        ),
        (
            AuditEntry(
                Event.WATCHED, user="U1", schedule="nightly", text='watch "nightly" --mention none', outcome="watch 3"
            ),
            '<@U1> started watching `nightly` (watch 3): `watch "nightly" --mention none`',
        ),
        (
            AuditEntry(Event.WATCH_CHANGED, user="U1", schedule="nightly", text='watch "nightly"', outcome="watch 3"),
            '<@U1> changed watch 3 (`nightly`): `watch "nightly"`',
        ),
        (
            AuditEntry(Event.UNWATCHED, user="U1", schedule="nightly", text='watch "nightly"', outcome="watch 3"),
            '<@U1> stopped watching `nightly` (watch 3): `watch "nightly"`',
        ),
        (AuditEntry(Event.DENIED, user="U2", schedule="nightly"), "<@U2> denied *nightly*"),
        (AuditEntry(Event.STARTED, user="U1", schedule="nightly", run=5), "<@U1> started run 5 of *nightly*"),
    ],
)
def test_who_did_what(entry: AuditEntry, said: str) -> None:
    """Each event names who did what, and doesn't blame the requester for a refusal or an end."""
    _, blocks = render(audit_list((entry,), AuditFilter(), searched=1, more=False))
    assert blocks[1]["text"]["text"] == said
