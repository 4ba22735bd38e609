"""The message at the end of quiet hours."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.cause import Cause
from bot.core.model.incident import Incident, IncidentRun, IncidentState, Withheld
from bot.core.text.message import Facts, Message
from bot.core.text.text import Mention
from bot.core.views.quiet_end import quiet_end_message
from tests.core.views.plain import said
from tests.core.watching.ends import COLUMN, at, failure, success

RUN = IncidentRun.of(failure(7, 1))
FAILING = Incident(
    "C1", "nightly", "T", 1, name="Nightly", failures=1, first=RUN, latest=RUN, failed=RUN, withheld=Withheld(at(5))
)
RECOVERED = replace(
    FAILING, name="Hourly", state=IncidentState.RECOVERED, recovered_by=IncidentRun.of(success(8, 2)), failures=2
)


def message(*incidents: Incident, mentions: tuple[Mention, ...] = ()) -> Message:
    """The message about these incidents."""
    return quiet_end_message(incidents, "https://app.example", "/bolt", {}, mentions)


def test_failing_schedules_come_first_with_why_and_the_run() -> None:
    """Failing schedules come first with their run, and the hint is shown rather than the error's line."""
    hinted = replace(FAILING, cause=Cause(id="x", text="The column is missing.", next="Fix it."), lines=(COLUMN,))
    text = said(message(RECOVERED, hinted, mentions=(Mention("U0ADA"),)).text)
    assert text.startswith(
        "Quiet hours are over: 1 schedule is failing, and 1 schedule failed and recovered in the meantime. @U0ADA"
    )
    assert text.index("Nightly") < text.index("Hourly")
    assert "run 7" in text
    assert "The column is missing." in text
    assert COLUMN.line not in text
    assert COLUMN.line in said(message(replace(FAILING, lines=(COLUMN,))).text)


def test_counts_are_words_of_a_sentence() -> None:
    """The counts form a sentence, whether all schedules have recovered, none have, or some failed earlier."""
    assert said(message(RECOVERED).text).startswith("During quiet hours, 1 schedule failed and recovered.")
    assert said(message(FAILING, FAILING).text).startswith("Quiet hours are over: 2 schedules are failing.")
    earlier = replace(RECOVERED, withheld=Withheld(at(5), earlier=3))
    assert said(message(earlier).text).endswith(" · after 3 earlier failures, also during quiet hours")


def test_more_than_twenty_are_counted() -> None:
    """Beyond twenty, schedules are only counted, with the command that lists the failing ones."""
    many = message(*[FAILING] * 21, *[RECOVERED] * 2)
    facts = [said(block.text) for block in many.blocks if isinstance(block, Facts)]
    assert facts == ["… and 3 more, 1 of them failing. /bolt failing lists all failing schedules."]
    (none,) = [said(one.text) for one in message(*[RECOVERED] * 21).blocks if isinstance(one, Facts)]
    assert none == "… and 1 more that recovered."
