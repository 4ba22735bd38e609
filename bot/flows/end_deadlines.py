"""How long the log of a failed run may be read, so that the end is announced in time.

`bot.flows.conclude` decides how long the bot waits for a late log.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EndRules:
    """Deadlines for announcing a failed run: within `told_s` seconds of seeing its end, with or without its log.

    `posting_s` seconds of that are reserved for the post, and `post_gap_s` for each failure whose log is being read,
    because all of them may be posted one after another in a single channel. `incident_s` is how long an incident waits
    for the log of a run that only it reports: the log follows in the incident's thread.
    """

    told_s: float = 20.0
    posting_s: float = 5.0
    post_gap_s: float = 1.1
    incident_s: float = 3.0

    def reading_s(self, at_once: int, *, incident_only: bool = False) -> float:
        """Return the seconds after a failure within which its log may be read, if `at_once` are being read.

        `incident_only`: the run has no card.
        """
        most_s = max(0.0, self.told_s - self.posting_s - self.post_gap_s * at_once)
        return min(most_s, self.incident_s) if incident_only else most_s
