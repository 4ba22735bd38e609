"""A local Bolt API: serves schema.graphql with runs that advance on a clock."""

from bolt_sandbox.bolt.calls import CallRecord
from bolt_sandbox.bolt.faults import Fault
from bolt_sandbox.bolt.model import Actor, Character, Refused, Run, Schedule, Start, Step
from bolt_sandbox.bolt.routes import add_routes
from bolt_sandbox.bolt.run_state import CommandView, RunView
from bolt_sandbox.bolt.world import BoltWorld

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
