"""The context of a request: its actor, and the runs it can see."""

from __future__ import annotations

from dataclasses import dataclass, field

from bolt_sandbox.bolt.faults import Fault
from bolt_sandbox.bolt.model import Actor, Refused, Run
from bolt_sandbox.bolt.world import BoltWorld


@dataclass(slots=True)
class Context:
    """One request: its world, actor and base URL, and the faults that hide runs from it."""

    world: BoltWorld
    actor: Actor
    base_url: str
    lost: list[Fault] = field(default_factory=list)
    lost_asked: list[Fault] = field(default_factory=list)

    def run(self, run_id: int) -> Run:
        """Return a run, unless a fault hides it from this request. Raises Refused."""
        for fault in self.lost:
            if fault.run_id == run_id:
                if fault not in self.lost_asked:
                    self.lost_asked.append(fault)
                raise Refused(f"Run {run_id} was not found")
        return self.world.run(run_id)

    def writer(self) -> Actor:
        """Return the actor. Raises Refused if the actor may not write."""
        if not self.actor.may_write:
            raise Refused("This API key lacks the capability 'Bolt schedules admin'")
        return self.actor
