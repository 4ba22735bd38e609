"""Reading dbt's own results for a command."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.logs.run_results import Results, read_results

SAMPLES = Path(__file__).parents[2] / "data" / "dbt"
BEGAN = datetime(2026, 11, 23, 21, 5, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=1)


def read(text: str | bytes) -> Results | None:
    """The results in a file left by a command that ran from BEGAN to ENDED."""
    return read_results(text, not_before=BEGAN, not_after=ENDED)


def document(*results: object, generated_at: object = "2026-11-23T21:05:30Z") -> str:
    """A file with these results."""
    return json.dumps({"metadata": {"generated_at": generated_at}, "results": results})


def sample(name: str) -> Results:
    """The results that one dbt command left behind."""
    results = read((SAMPLES / name).read_bytes())
    assert results is not None
    return results


def test_failed_and_warned_tests_are_named_as_people_know_them() -> None:
    """Results are counted by status, and test names lose their hash."""
    results = sample("02-build-model-error.run_results.json")
    assert results.counts == {"success": 4, "pass": 1, "warn": 1, "fail": 1, "skipped": 4}
    (failed,) = results.failed
    assert (failed.kind, failed.name, failed.status) == ("test", "unique_stg_orders_order_id", "fail")
    assert (failed.message, failed.failures) == ("Got 1 result, configured to fail if != 0", 1)
    assert [node.name for node in results.warned] == ["not_null_stg_orders_customer_id"]
    assert results.slowest[0].name == "raw_customers"
    assert len(results.slowest) == 5


def test_a_failed_model_has_its_message() -> None:
    """A failed model has the warehouse's own message."""
    (failed,) = sample("03-run-model-error.run_results.json").failed
    assert (failed.kind, failed.name) == ("model", "fct_revenue")
    assert "net_amnt" in failed.message


def test_a_success_has_no_failures() -> None:
    """A successful command has only counts."""
    results = sample("01-seed.run_results.json")
    assert (results.failed, results.warned, results.counts) == ((), (), {"success": 2})


def test_stale_sources_are_failures_too() -> None:
    """Stale sources in sources.json, which has another schema, are failures too."""
    (failed,) = sample("07-source-freshness-error.sources.json").failed
    assert (failed.kind, failed.name, failed.status) == ("source", "raw.raw_orders", "error")


@pytest.mark.parametrize(
    ("generated_at", "believed"),
    [
        ("2026-11-23T21:05:30.123456Z", True),
        ("2026-11-23T22:05:30+01:00", True),
        ("2026-11-23T21:05:30", True),
        ("2026-11-23T21:06:03Z", True),
        ("2026-11-23T21:04:59.900000Z", False),
        ("2026-11-23T21:04:50Z", False),
        ("2026-11-23T21:06:10Z", False),
        ("0001-01-01T00:00:00+23:59", False),
        ("yesterday", False),
        (None, False),
        (1795467930, False),
    ],
)
def test_only_what_the_command_itself_made_is_believed(generated_at: object, believed: bool) -> None:  # noqa: FBT001
    """Only results made while the command ran count, with a few seconds of clock skew at the end."""
    assert (read(document(generated_at=generated_at)) is not None) is believed


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"results": {}}', b"\xff\xfe", "[" * 100_000, '{"metadata": [], "results": []}', b"\x00"],
)
def test_what_is_no_such_file_is_none(text: str | bytes) -> None:
    """A file that is broken, empty, of another shape or too deeply nested is read as None."""
    assert read(text) is None


def test_results_of_any_version_are_read_as_far_as_they_go() -> None:
    """Old files have the id under `node`; results without a status and values that make no sense are left out."""
    results = read(
        document(
            {
                "status": "ERROR",
                "node": {"unique_id": "model.a.b"},
                "error": "x",
                "execution_time": "long",
                "failures": True,
            },
            {
                "status": "error",
                "unique_id": ["no"],
                "message": {"no": 1},
                "execution_time": float("inf"),
                "failures": -1,
            },
            {"status": None},
            "nothing",
        )
    )
    assert results is not None
    first, second = results.failed
    assert (first.name, first.message, first.seconds, first.failures) == ("b", "x", None, None)
    assert (second.name, second.kind, second.message, second.seconds, second.failures) == ("", "node", "", None, None)
    assert results.counts == {"error": 2}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: (
        st.lists(inside) | st.dictionaries(st.sampled_from(["status", "unique_id", "node", "message"]), inside)
    ),
    max_leaves=10,
)


@given(st.lists(JSON, max_size=5))
def test_no_file_breaks_the_reader(results: list[object]) -> None:
    """Any list of results can be read without an error."""
    read(document(*results))


@given(st.text() | st.binary())
def test_no_text_breaks_the_reader(text: str | bytes) -> None:
    """Text that isn't a results file is read as None."""
    assert read(text) is None
