"""Values that are secret because of their names: after PASSWORD, SECRET, TOKEN or KEY."""

from __future__ import annotations

import pytest

from bot.core.redact.names import mask_named
from bot.core.redact.shapes import MASK

SECRETS = [
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI/K7MDENG"),
    ("DBT_PASSWORD=hunter2", "hunter2"),
    ("DBT_PASSWORD=$tr0ngPass", "tr0ngPass"),
    ("DBT_PASSWORD=12345678", "12345678"),
    ("DBT_PASSWORD=Xy{9(k]zz", "k]zz"),
    ("DBT_PASSWORD=p,ss;w&rd", "w&rd"),
    ("DBT_ENV_SECRET_GIT_CREDENTIAL=hunter2", "hunter2"),
    ("STRIPE_KEY=hunter2", "hunter2"),
    ("encryptionKey: hunter2", "hunter2"),
    ("SecretAccessKey: hunter2", "hunter2"),
    ("X-API-Key: hunter2", "hunter2"),
    ("some_key: a1b2c3d4e5f6a7b8c9", "a1b2c3d4e5f6a7b8c9"),
    ("PWD=hunter2;DATABASE=x", "hunter2"),
    ("Missing key: password=hunter2", "hunter2"),
    ("KeyError: token=hunter2", "hunter2"),
    ("unique_key: password: hunter2", "hunter2"),
    ("token=own-secret-valueEXTRA", "EXTRA"),
    ('{\\"password\\": \\"hunter2\\"}', "hunter2"),
    ('"password": "pa\\"tail"', "tail"),
    ("password: 'pa''ss'", "''ss"),
    ('password="cut off here', "cut off"),
    ("password=" + "x1" * 20_000 + "end", "end"),
    ('"api_key": "abc123"', "abc123"),
    ("password: 'two words'", "two words"),
    ("client_secret => s3cr3t", "s3cr3t"),
    ("dbt run --token abcdef", "abcdef"),
    ("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE: 'abc def'", "abc def"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=lambda one: one[:40])
def test_the_value_after_a_telling_name_is_masked(text: str, secret: str) -> None:
    """The value after a name such as PASSWORD is masked to its end, however it's quoted."""
    masked = mask_named(text)
    assert secret not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "unique_key='order_id'",
        "token_count: 3",
        "select token::text from t",
        "on a.api_key = b.api_key",
        "password: null",
        "password: ${DBT_PASSWORD}",
        "password: <your password>",
        "syntax error, unexpected token: FROM",
        "argument --token is required",
        "fct_token_usage=12",
        "key: value",
    ],
)
def test_a_name_of_a_column_or_a_placeholder_tells_nothing(text: str) -> None:
    """Column names, counts, casts, joins, placeholders and a parser's messages stay readable."""
    assert mask_named(text) == text


def test_a_key_is_masked_only_if_it_looks_random() -> None:
    """A value after a `_key` name is masked only if it looks random: in dbt, such a name is usually a column."""
    assert mask_named("some_key: orders") == "some_key: orders"
    assert mask_named("some_key: a1b2c3d4e5f6a7b8c9") == f"some_key: {MASK}"


def test_what_follows_the_value_stays() -> None:
    """Closing brackets, and the next name with its value, stay."""
    assert mask_named("f(token=abcd1234), x=1") == f"f(token={MASK}), x=1"
    assert mask_named("PWD=hunter2;DATABASE=x") == f"PWD={MASK};DATABASE=x"


def test_lists_of_variables_are_read() -> None:
    """Lists of names and values, as in a container's settings, are masked by the name beside the value."""
    masked = mask_named('{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "DB_HOST", "value": "db1"}')
    assert masked == f'{{"name": "DB_PASSWORD", "value": "{MASK}"}}, {{"name": "DB_HOST", "value": "db1"}}'


def test_a_block_of_yaml_is_masked_whole() -> None:
    """A YAML block is masked to the end of its indentation."""
    masked = mask_named("password: |\n  first\n  second\nhost: db1\n")
    assert "first" not in masked
    assert "second" not in masked
    assert masked.endswith("host: db1\n")
