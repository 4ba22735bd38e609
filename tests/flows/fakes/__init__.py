"""Small fakes of the ports: a Bolt and a Slack that record every call, and fail when a test says so.

Flows take them as their ports, so the type checker notices if a port changes.
"""

from __future__ import annotations

from tests.flows.fakes.bolt import HOURLY, NIGHTLY, OUR_ACTOR, FakeBolt, FakeDownloads
from tests.flows.fakes.charts import FakeCharts
from tests.flows.fakes.chat import FakeChat, FakeHomeTab, Sent
from tests.flows.fakes.faults import Faults
from tests.flows.fakes.incidents import FakeIncidents
from tests.flows.fakes.people import FakeChannels, FakeMemberships, FakePeople, FakePeopleByAddress

__all__ = [
    "HOURLY",
    "NIGHTLY",
    "OUR_ACTOR",
    "FakeBolt",
    "FakeChannels",
    "FakeCharts",
    "FakeChat",
    "FakeDownloads",
    "FakeHomeTab",
    "FakeIncidents",
    "FakeMemberships",
    "FakePeople",
    "FakePeopleByAddress",
    "Faults",
    "Sent",
]
