"""The doctor's check of this machine's clock, against the Date in the last responses of Slack and Bolt."""

from __future__ import annotations

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.subject import Check, Subject
from bot.slack.signed_requests import CLOCK_MOST_S

CHECK = "clock"
FIX = "Synchronize this machine's clock with NTP, for example with chrony or systemd-timesyncd."
# Slack's requests are refused if they seem older than that.
REFUSED_S = 300
EXACTLY_S = 2


async def _clock(subject: Subject) -> list[Finding]:
    bolt = subject.bolt.clock_ahead
    known = {"Slack": subject.chat.clock_off_s, "Bolt": -bolt.total_seconds() if bolt is not None else None}
    found = [_compare(service, ahead_s) for service, ahead_s in known.items() if ahead_s is not None]
    if not found:
        said = "The clock was not checked, because neither Slack nor Bolt reported the time."
        return [warning(CHECK, said, "Make one of them reachable.")]
    # One machine has one clock: if all services agree with it, one line is enough.
    return [one for one in found if one.level != "ok"] or found[:1]


def _compare(service: str, ahead_s: float) -> Finding:
    off = f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} {service}'s"
    if abs(ahead_s) > REFUSED_S:
        effect = (
            "Slack's requests over HTTP are refused, certificates may seem invalid, and times in messages are wrong"
        )
        return problem(CHECK, f"This machine's clock is {off}: {effect}.", FIX)
    if abs(ahead_s) > CLOCK_MOST_S:
        return warning(CHECK, f"This machine's clock is {off}.", FIX)
    said = f"agrees with {service}'s" if abs(ahead_s) <= EXACTLY_S else f"is {off}, which isn't a problem"
    return ok(CHECK, f"This machine's clock {said}.")


CHECKS = (Check(CHECK, _clock),)
