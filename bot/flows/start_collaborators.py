"""The parts that each way of starting a run needs besides its stores: planning, permission, a check after a restore."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.authorize import Authorizer
from bot.flows.plan_start import StartPlanner
from bot.flows.start_after_restore import EarlierStarts


@dataclass(frozen=True, slots=True)
class StartCollaborators:
    """The planner looks up what would be started; the authorizer decides whether the asker may start it.

    `earlier` finds out whether it was started already, if Redis may have lost the record of that.
    """

    planner: StartPlanner
    authorizer: Authorizer
    earlier: EarlierStarts
