"""The masker: secrets are masked, look-alikes stay, in linear time.

Masking in messages to Slack is tested in tests/slack/test_masking.py, and in log lines in tests/test_logging.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.redact.masker import MASK, Masker

MASKER = Masker(["own-secret-value", "p@ss/word?1", 'q"uo\\te é'])

POSITIVES = [
    ("own-secret-value", "own-secret-value"),
    ("p@ss/word?1", "p@ss/word?1"),
    ("redis://h/?x=p%40ss%2Fword%3F1", "p%40ss%2Fword%3F1"),
    ("redis://h/?x=p%40ss%2fword%3f1", "p%40ss%2fword%3f1"),
    ('{"x": "q\\"uo\\\\te é"}', "uo"),
    ('{"x": "q\\"uo\\\\te \\u00e9"}', "uo"),
    ("it said own-secret and own-secret-va…", "secret-va"),
    ("own-seven ways to own-secret-val…", "secret-val"),
    ("q'uo: 'q\"uo\\\\te é'", "uo\\\\te"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKC\n-----END RSA PRIVATE KEY-----", "MIIEpAIBAAKC"),
    ("git clone https://x-access-token:ghs_abcd1234EFGH5678ijkl@github.com/a/b", "ghs_abcd1234EFGH5678ijkl"),
    ("DBT_PASSWORD=hunter2", "hunter2"),
]

LOOK_ALIKES = [
    "unique_key='order_id'",
    "primary_key: id",
    "foreign key (customer_id) references customers",
    "token_count: 3",
    "total_tokens=1234567",
    "KeyError: 'x'",
    "'sort_key': created_at",
    "primary_key: [order_id, line_id]",
    "partition_key: order_date",
    "public_key: ssh-rsa",
    "key: value",
    '{"key": "customers"}',
    "keys: 3",
    "total_tokens: 1234567",
    "max_tokens=4096",
    "select token::text, api_key::varchar from t",
    "on a.api_key = b.api_key",
    "connect(password=password, token=self.token)",
    "syntax error, unexpected token: FROM",
    "tests/secrets.sql: Compilation Error",
    "Failure in test unique_dim_tokens_token_id (models/secrets.yml)",
    "stg_api_tokens: OK created sql view",
    "fct_token_usage=12",
    "token = {{ env_var('GIT_TOKEN') }}",
    "password: <your password>",
    "password=%PASSWORD%",
    "password=$PASSWORD",
    "argument --token is required",
    "--token <token> --password",
    "https://app.paradime.io/bolt/run_id/4711?email=a@b.test",
    "https://registry.test:443/@scope/name",
    "ssh://git@github.com/a/b",
    "git@github.com:a/b.git",
    "10:20:30 token_count: 3",
    'column "access_token" does not exist',
    "relation public.secrets does not exist",
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
    "basic orders_by_day_2026_01_05",
    "basic materialized=incremental",
    "Bearer of-the-announcements",
    "authorization: unauthenticated",
    "own-secrets are not told…",
]


@pytest.mark.parametrize(("text", "secret"), POSITIVES)
def test_what_is_secret_is_masked(text: str, secret: str) -> None:
    """Secrets are masked by value, by shape and by name."""
    masked = MASKER.mask(text)
    assert secret not in masked
    assert MASK in masked


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_only_looks_like_it_stays(text: str) -> None:
    """Look-alikes stay, because a log full of dots helps nobody at night."""
    assert MASKER.mask(text) == text


def test_what_dbt_prints_stays_as_it_is() -> None:
    """dbt's own samples contain no secrets, so nothing in them is masked."""
    for sample in sorted((Path(__file__).parents[2] / "data" / "dbt").glob("*.txt")):
        text = sample.read_text()
        assert MASKER.mask(text) == text, sample.name


def test_extra_patterns_are_masked_whole() -> None:
    """A deployment's own patterns are masked, each match as a whole."""
    assert Masker(extra=[re.compile(r"acme-\d+")]).mask("id acme-123.") == f"id {MASK}."


def test_what_identifies_a_secret_stays() -> None:
    """The host, the name and the rest of the line stay readable."""
    masked = MASKER.mask("git clone https://u:p4ssw0rd@github.com/a/b && DBT_PASSWORD=x1y2z3 dbt run")
    assert masked == f"git clone https://{MASK}@github.com/a/b && DBT_PASSWORD={MASK} dbt run"


def test_short_values_are_not_masked_by_value() -> None:
    """Values shorter than six characters aren't masked, because they would match ordinary words."""
    assert Masker(["run"]).mask("dbt run") == "dbt run"


AWKWARD = st.lists(
    st.sampled_from(
        ["password", "token", "API_KEY", "_key", "=", ": ", "=>", "'", '"', "\\", " ", "\n", "://", "@", ":", "/", "u", "x1",
         "--", "-", ".", ",", ";", "&", ")", "}", "<", ">", "$", "•••", "own-secret-value", "Bearer ", "xoxb-abcdefgh12",
         "…", "cookie: a=", "password '", "Basic dXNlcjpwYXNz", "authorization: ", "|\n  ", "name: ", "value: ", "%3D", "%22",
         "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "MIIEabcdefgh", "eyJhbGciOiJIUzI1NiJ9", "sig="]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(AWKWARD, st.sampled_from(["own-secret-value", "glpat-abcdEFGH1234ijklMNOP", "ghp_abcdEFGH1234567890"]), AWKWARD)
def test_a_secret_is_masked_wherever_it_stands(before: str, secret: str, after: str) -> None:
    """A secret is masked whatever surrounds it, even if other rules have changed the text."""
    assert secret not in MASKER.mask(f"{before} {secret} {after}")


@given(st.text() | AWKWARD)
def test_masking_twice_is_masking_once(text: str) -> None:
    """Masking a masked text changes nothing, so a text may be masked more than once."""
    once = MASKER.mask(text)
    assert MASKER.mask(once) == once
