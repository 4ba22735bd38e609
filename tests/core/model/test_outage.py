"""Outages as records.

The rule that decides when incidents form an outage is tested in tests/flows/test_post_outage.py.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.incident import Incident, IncidentState
from bot.core.model.outage import Outage


def test_only_open_incidents_are_failing() -> None:
    """Recovered incidents stay in an outage but aren't failing."""
    fails = Incident("C1", "a", "T", 1)
    outage = Outage("C1", 3, "T", (fails, replace(fails, schedule="b", state=IncidentState.RECOVERED)))
    assert (outage.name, [one.schedule for one in outage.failing]) == ("C1:3", ["a"])
