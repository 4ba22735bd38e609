"""A local Bolt API: it serves the contract in schema.graphql over runs that advance on a clock."""

from bot.sandbox.bolt.calls import CallRecord
from bot.sandbox.bolt.faults import Fault
from bot.sandbox.bolt.model import Actor, Character, Refused, Run, Schedule, Start, Step
from bot.sandbox.bolt.routes import add_routes
from bot.sandbox.bolt.timeline import CommandView, RunView
from bot.sandbox.bolt.world import BoltWorld

__all__ = [
    "Actor",
    "BoltWorld",
    "CallRecord",
    "Character",
    "CommandView",
    "Fault",
    "Refused",
    "Run",
    "RunView",
    "Schedule",
    "Start",
    "Step",
    "add_routes",
]
