"""Private keys: whole, or cut off at either end."""

from __future__ import annotations

import pytest

from bot.core.redact.keys import mask_private_keys
from bot.core.redact.shapes import MASK

SECRETS = [
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKC\n-----END RSA PRIVATE KEY-----", "MIIEpAIBAAKC"),
    ('{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----\\n"}', "MIIEvQ"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEunterminated", "MIIEunterminated"),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBF\n-----END PGP PRIVATE KEY BLOCK-----", "lQOYBF"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA\n-----END OPENSSH PRIVATE KEY-----", "b3BlbnNzaA"),
    ("MIIEbeginningless\nabcdEFGH1234\n-----END PRIVATE KEY-----", "MIIEbeginningless"),
    ("MIIEone\\nabcdEFGH1234\\n-----END PRIVATE KEY-----\\n", "abcdEFGH1234"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=lambda one: one[:40])
def test_no_line_of_a_private_key_is_left(text: str, secret: str) -> None:
    """No line of a private key is left, whether it's plain or in JSON, and with or without its beginning or end."""
    masked = mask_private_keys(text)
    assert secret not in masked
    assert MASK in masked


BEGIN, END = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"


def test_what_surrounds_a_key_stays() -> None:
    """A key's first line and the text before and after the key stay."""
    assert mask_private_keys(f"{BEGIN}\nMIIE\n{END}\nand that") == f"{BEGIN} {MASK}\nand that"
    cut = mask_private_keys(f"said this\nMIIEabcdefgh\n{END}\nand that")
    assert cut == f"said this\n{MASK}\n{END}\nand that"


def test_a_key_without_an_end_ends_with_a_blank_line() -> None:
    """A key without an end ends at a blank line, but not at the one after the headers of an encrypted key."""
    text = f"{BEGIN}\nProc-Type: 4,ENCRYPTED\n\nMIIEsecret\n\nthe next paragraph"
    assert mask_private_keys(text) == f"{BEGIN} {MASK}\n\nthe next paragraph"


def test_each_key_of_a_text_is_masked() -> None:
    """A key whose beginning is missing and a whole key are both masked."""
    masked = mask_private_keys(f"MIIEabcdefgh\n{END}\n{BEGIN}\nMIIFsecond\n{END}\n")
    assert "MIIE" not in masked
    assert "MIIF" not in masked


def test_a_text_that_ends_a_key_of_no_lines_is_left() -> None:
    """An end line without a key before it changes nothing."""
    text = f"see below: short\n{END}\n"
    assert mask_private_keys(text) == text
