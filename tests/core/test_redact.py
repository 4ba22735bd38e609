"""The masker: what is secret goes, what only looks like it stays, in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.redact import MASK, Redactor

REDACTOR = Redactor(["own-secret-value", "p@ss/word?1"])

POSITIVES = [
    ("own-secret-value", "own-secret-value"),
    ("p@ss/word?1", "p@ss/word?1"),
    ("redis://h/?x=p%40ss%2Fword%3F1", "p%40ss%2Fword%3F1"),
    ("git clone https://x-access-token:ghs_abcd1234EFGH5678ijkl@github.com/a/b", "ghs_abcd1234EFGH5678ijkl"),
    ("postgres://loader:p@ss:w0rd@warehouse.test/db", "w0rd"),
    ("https://ghp_abcdEFGH1234567890abcdEFGH@github.com/a", "ghp_abcdEFGH1234567890abcdEFGH"),
    ("https://hooks.slack.com/services/T00/B00/abcdEFGH1234", "abcdEFGH1234"),
    ("token is xoxb-123456789012-abcdefGHIJ", "xoxb-123456789012-abcdefGHIJ"),
    ("xapp-1-A0-123-abcdef123456", "xapp-1-A0-123-abcdef123456"),
    ("prdm_wsp_abc123def456", "prdm_wsp_abc123def456"),
    ("prdm_cmp_abc123def456", "prdm_cmp_abc123def456"),
    ("github_pat_11ABCDEFG0abcdefghijkl_mnop", "github_pat_11ABCDEFG0abcdefghijkl_mnop"),
    ("glpat-abcdEFGH1234ijklMNOP", "glpat-abcdEFGH1234ijklMNOP"),
    ("AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI/K7MDENG"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "AIzaSyA1234567890abcdefghijklmnopqrstuv"),
    ("AccountKey: x;AccountKey=abcdefghijklmnopqrstuvwx==;", "abcdefghijklmnopqrstuvwx"),
    ("https://x.blob.test/a?sv=1&sig=abcdefghijklmnop%3D", "abcdefghijklmnop"),
    ("Authorization: Bearer abcdefghijkl.mnop", "abcdefghijkl.mnop"),
    ("authorization: basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA=="),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N", "dozjgNryP4J3jVmNHl0w5N"),
    ("DBT_PASSWORD=hunter2", "hunter2"),
    ('"api_key": "abc123"', "abc123"),
    ("password: 'two words'", "two words"),
    ("client_secret => s3cr3t", "s3cr3t"),
    ("dbt run --token abcdef", "abcdef"),
    ("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE: 'abc def'", "abc def"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKC\n-----END RSA PRIVATE KEY-----", "MIIEpAIBAAKC"),
    ('{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----\\n"}', "MIIEvQ"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEunterminated", "MIIEunterminated"),
]

LOOK_ALIKES = [
    "unique_key='order_id'",
    "primary_key: id",
    "foreign key (customer_id) references customers",
    "token_count: 3",
    "total_tokens=1234567",
    "KeyError: 'x'",
    "sort_key: created_at",
    "dist_key=customer_id",
    "surrogate_key: order_id",
    "tests/secrets.sql",
    "1 of 3 PASS not_null_api_keys_id ....... [PASS in 0.08s]",
    "The key is to run dbt deps first",
    "model.shop.fct_token_usage",
    "https://docs.getdbt.com/reference?x=1",
    "postgres://warehouse.test:5432/db",
    "password: null",
    "password: ${DBT_PASSWORD}",
    "Bearer of bad news",
    "secrets manager is used",
    "passwords do not match",
]


@pytest.mark.parametrize(("text", "secret"), POSITIVES)
def test_what_is_secret_is_masked(text: str, secret: str) -> None:
    """By value, by shape and by name."""
    masked = REDACTOR.mask(text)
    assert secret not in masked
    assert MASK in masked


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_only_looks_like_it_stays(text: str) -> None:
    """A log full of dots helps nobody at night."""
    assert REDACTOR.mask(text) == text


def test_what_identifies_a_secret_stays() -> None:
    """The host, the name and what follows."""
    masked = REDACTOR.mask("git clone https://u:p4ssw0rd@github.com/a/b && DBT_PASSWORD=x1y2z3 dbt run")
    assert masked == f"git clone https://{MASK}@github.com/a/b && DBT_PASSWORD={MASK} dbt run"


def test_short_values_are_not_masked_by_value() -> None:
    """Below six characters they would mask ordinary words."""
    assert Redactor(["run"]).mask("dbt run") == "dbt run"


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    """Texts pass it on their way to the log and to Slack."""
    once = REDACTOR.mask(text)
    assert REDACTOR.mask(once) == once


@pytest.mark.parametrize(
    "unit",
    [
        "password=",
        "a",
        "https://",
        "key ",
        "-",
        "_",
        "-----BEGIN PRIVATE KEY-----\n",
        "a.b-c_",
        "bearer ",
        "eyJaaaaaaaaa.",
        "-eyJ",
        "key_",
        "key='",
        "a://b:c",
        "xoxb-",
    ],
)
def test_the_time_is_linear(unit: str) -> None:
    """Eight times the text takes at most some twenty times as long: a quadratic rule would take sixty-four."""

    def seconds(count: int) -> float:
        text = (unit * count)[:count]
        best = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            REDACTOR.mask(text)
            best = min(best, time.perf_counter() - began)
        return best

    small, large = seconds(20_000), seconds(160_000)
    assert large < 20 * max(small, 0.002)
