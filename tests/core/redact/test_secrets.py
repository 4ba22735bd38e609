"""The masker on its corpus: the secrets that it finds, the ones it's known to miss, and the texts it leaves alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.core.logs.log_text import mask_in_pieces
from bot.core.redact.masker import Masker
from bot.core.text.text import cut
from tests.core.redact.hostile import UNITS, hostile
from tests.core.redact.look_alikes import CHANGED, LOOK_ALIKES
from tests.core.redact.secrets_corpus import KNOWN, NOT_FOUND, OWN, POSITIVES, Positive, leaks, measured, shows

PAGE = Path(__file__).parents[3] / "docs" / "security.md"
MASK = Masker([OWN]).mask


def test_the_corpus_is_large_enough_to_say_something() -> None:
    """The corpus has many secrets and many look-alikes, and none twice."""
    assert len({one.text for one in POSITIVES}) == len(POSITIVES) >= 200
    assert len(set(LOOK_ALIKES)) == len(LOOK_ALIKES) >= 180
    assert all(len(cases) >= 4 for cases in KNOWN.values())


def test_recall_and_false_positives() -> None:
    """Every known secret is masked, and no look-alike is changed."""
    found = measured(MASK, POSITIVES, LOOK_ALIKES)
    assert found.missed == ()
    assert found.recall == 1.0
    assert found.changed == ()


def test_the_security_page_states_what_was_measured() -> None:
    """The security page has the measured numbers, including known misses and lines that are masked needlessly."""
    numbers = re.search(
        r"Of the (\d+) secrets .* tested with, it masks (\d+)\. Of the (\d+) lines .* it masks (\d+)\.",
        " ".join(PAGE.read_text().split()),
    )
    assert numbers is not None
    whole, look_alikes = len(POSITIVES) + len(NOT_FOUND), len(LOOK_ALIKES) + len(CHANGED)
    assert [int(one) for one in numbers.groups()] == [whole, len(POSITIVES), look_alikes, len(CHANGED)]


@pytest.mark.parametrize("positive", NOT_FOUND, ids=lambda one: one.text[:40])
def test_what_is_knowingly_left(positive: Positive) -> None:
    """These secrets aren't masked yet; when one is, move it to the list of those that are."""
    assert leaks(MASK, positive)


@pytest.mark.parametrize("text", CHANGED)
def test_what_is_knowingly_masked_too_much(text: str) -> None:
    """These look-alikes are masked although they aren't secrets."""
    assert MASK(text) != text


def test_a_masker_that_does_nothing_is_measured_as_such() -> None:
    """The measure itself can fail: masking nothing or everything gets the worst scores."""
    nothing = measured(str, POSITIVES, LOOK_ALIKES)
    assert nothing.recall == 0.0
    assert nothing.changed == ()
    everything = measured(lambda text: "•••" if text else "", POSITIVES, LOOK_ALIKES)
    assert everything.recall == 1.0
    assert everything.changed == LOOK_ALIKES


@pytest.mark.parametrize("positive", POSITIVES, ids=lambda one: f"{one.kind}: {one.text[:30]}")
def test_masking_a_masked_line_changes_nothing(positive: Positive) -> None:
    """Masking a masked line changes nothing, because some texts pass the masker twice."""
    once = MASK(positive.text)
    assert MASK(once) == once


def test_secrets_are_found_in_the_middle_of_a_log() -> None:
    """Secrets are found between other lines, and in pieces of any size."""
    log = "\n".join(f"21:05:09  Concurrency: {at} threads\n{one.text}\n" for at, one in enumerate(POSITIVES))
    for masked in (MASK(log), *(mask_in_pieces(log, MASK, size=size) for size in (500, 1_000, 3_000, 65_536))):
        assert not [one for one in POSITIVES if shows(masked, one)]


WHOLE = [one for one in POSITIVES if one.kind in {"Slack", "Bolt", "our own settings", "Git hosts"}]


@pytest.mark.parametrize("positive", WHOLE, ids=lambda one: f"{one.kind}: {one.text[:30]}")
def test_a_secret_that_was_cut_off_does_not_show_its_beginning(positive: Positive) -> None:
    """The beginning of a cut secret is masked, because some texts are cut to Slack's limits before they're masked."""
    for length in range(len(positive.text)):
        shown = MASK(cut(positive.text, length))
        assert positive.secret[:16] not in shown, length


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_a_hostile_text_is_masked_to_its_end(unit: str) -> None:
    """A hostile text is masked to its end; a rule that reads it over and over would run into the tests' time limit."""
    secret = "ghp" + "_abcdEFGH1234567890abcd"
    assert "EFGH1234567890" not in MASK(f"{hostile(unit, 200_000)}\n\n{secret}\n")
