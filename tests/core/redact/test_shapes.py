"""Secrets recognized by their shape: addresses, headers, and tokens with a vendor's prefix."""

from __future__ import annotations

import pytest

from bot.core.redact.shapes import MASK, mask_cut, mask_shapes

SECRETS = [
    ("...https://u:hunter2@h/x", "hunter2"),
    ("--index-https://u:hunter2@h", "hunter2"),
    ("postgres://u:pa/ss@h/db", "ss@"),
    ("https://tok12345@github.com/x", "tok12345"),
    ("HTTPS://tok12345@github.com/x", "tok12345"),
    ("redis://:hunter2@h:6379/0", "hunter2"),
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
    ("glrt-abcdEFGH1234ijklMNOP", "glrt-abcdEFGH1234ijklMNOP"),
    ("gho_abcdEFGH1234567890", "gho_abcdEFGH1234567890"),
    ("xoxe.xoxp-1-abcdefgh1234", "abcdefgh1234"),
    ("xoxp-1234-5678-abcdef", "5678-abcdef"),
    ("ASIAABCDEFGHIJKLMNOP", "ASIAABCDEFGHIJKLMNOP"),
    ("AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "AIzaSyA1234567890abcdefghijklmnopqrstuv"),
    ("AccountKey: x;AccountKey=abcdefghijklmnopqrstuvwx==;", "abcdefghijklmnopqrstuvwx"),
    ("https://x.blob.test/a?sv=1&sig=abcdefghijklmnop%3D", "abcdefghijklmnop"),
    ("Authorization: Bearer abcdefghijkl.mnop", "abcdefghijkl.mnop"),
    ("authorization: basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA=="),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N", "dozjgNryP4J3jVmNHl0w5N"),
    ("eyJhbGciOiJIUzI1NiJ9.cut", "hbGciOiJIUzI1NiJ9"),
    ("Authorization: token abc123", "abc123"),
    ("Authorization: SecretTokenValue", "SecretTokenValue"),
    ("sent Bearer abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvwx"),
    ("sent Bearer abcdefghijklmnopqr==", "abcdefghijklmnopqr"),
    ("sent Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
    ("sent Basic dXNlcjpwYXNzd29yZA", "dXNlcjpwYXNzd29yZA"),
    ('"authorization": "Basic dTpw"', "dTpw"),
    ("machine h login u password hunter2", "hunter2"),
    ("curl -u user:hunter2 https://h.test", "hunter2"),
    ("<password>hunter2</password>", "hunter2"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=lambda one: one[:40])
def test_a_secret_is_known_by_its_shape(text: str, secret: str) -> None:
    """A secret is recognized by its shape, without a name beside it."""
    masked = mask_shapes(text)
    assert secret not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "https://registry.test:443/@scope/name",
        "ssh://git@github.com/a/b",
        "postgres://warehouse.test:5432/db",
        "Bearer of bad news",
        "basic materialized=incremental",
        "authorization: unauthenticated",
        "docker run -u 1000:1000 dbt",
        "task-force-sk-learn",
        "maxoxb-nonsense",
    ],
)
def test_what_only_has_some_of_the_shape_stays(text: str) -> None:
    """Ports, Git users, words in a sentence, and the ids of a user and a group stay."""
    assert mask_shapes(text) == text


def test_the_address_stays_readable() -> None:
    """An address keeps its host, which says what couldn't be reached."""
    assert mask_shapes("git clone https://u:p4ssw0rd@github.com/a/b") == f"git clone https://{MASK}@github.com/a/b"


def test_long_texts_are_masked_from_end_to_end() -> None:
    """Long texts are masked to the end, although they're read in pieces."""
    token = "prdm_wsp_" + "abc123def456"
    text = "\n".join(f"line {number} {'x' * 90} {token}" for number in range(100))
    assert mask_shapes(text) == text.replace(token, MASK)


def test_what_was_cut_off_is_masked_by_its_beginning() -> None:
    """A token that was cut off is recognized by its beginning and masked."""
    assert mask_cut("token ghp_abc…") == f"token {MASK}…"
    assert mask_cut("postgres://loader:p4ss…") == f"postgres://loader:{MASK}…"
    assert mask_cut("https://warehouse.test:443…") == "https://warehouse.test:443…"
