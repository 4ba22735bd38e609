"""A command's output as text to show."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.logs.log_text import keep, log_file, mask_in_pieces, tail
from bot.core.redact.masker import Masker


def test_a_small_log_is_whole_with_stderr_behind_stdout() -> None:
    """A small log is kept whole, with stderr after stdout."""
    file = log_file("out\n", "err\n")
    assert not file.cut
    assert file.text == "out\n\n--- stderr ---\nerr\n"


def test_a_large_log_keeps_its_first_lines_and_its_tail() -> None:
    """A large log keeps its beginning and end in at most a megabyte, with a line that says it was cut."""
    text = "".join(f"línea {number}\n" for number in range(200_000))
    file = log_file(text, "")
    assert file.cut
    assert len(file.text.encode()) <= 1_000_000
    assert file.text.startswith("línea 0\n")
    assert file.text.endswith("línea 199999\n")
    assert "--- cut here: the log is longer than 1.0 MB;" in file.text


@given(st.text(), st.text(), st.integers(1000, 3000))
def test_no_log_makes_a_file_that_is_too_large(stdout: str, stderr: str, limit: int) -> None:
    """The file keeps to its limit in bytes, whatever characters the log holds."""
    file = log_file(stdout * 40, stderr * 40, limit)
    assert len(file.text.encode()) <= limit


def test_a_log_of_one_long_line_is_cut_inside_it() -> None:
    """A single overlong line is cut in the middle, because there's nowhere else to cut."""
    file = log_file("z" * 2_000_000 + "\nlast\n", "")
    assert 990_000 < len(file.text) <= 1_000_000
    assert file.text.endswith("zzz\nlast\n")
    assert len(keep("z" * 3_000_000 + "\nlast\n")) > 2_000_000


def test_a_secret_with_a_color_inside_is_whole_for_the_masker() -> None:
    """Colors are removed before masking, so a color code inside a secret doesn't hide it."""
    value = "ghp_abcdEFGH1234567890"
    kept = keep(f"token \x1b[31m{value[:9]}\x1b[0m{value[9:]}\n")
    assert value not in mask_in_pieces(kept, Masker().mask)
    assert value in kept


def test_a_line_longer_than_a_piece_is_masked_whole() -> None:
    """A secret is masked wherever it is in a line that is longer than a piece."""
    value = "ghp_abcdEFGH1234567890"
    line = "x " * 500 + value + " y" * 500
    for size in range(1000, 1040):
        assert value not in mask_in_pieces(f"{line}\n{line}", Masker().mask, size=size)


@given(
    st.lists(st.sampled_from(["a", "\n", " ", "-----BEGIN K-----", "-----END K-----"])).map("".join), st.integers(1, 40)
)
def test_pieces_lose_nothing(text: str, size: int) -> None:
    """Put together, the pieces are the whole text."""
    assert mask_in_pieces(text, str, size=size) == text


def test_what_is_kept_of_a_huge_log_begins_and_ends_with_lines() -> None:
    """A huge log is cut to its first and last lines, because reading all of it would block everything else."""
    text = "".join(f"line {number}\n" for number in range(1_000_000))
    kept = keep(text)
    assert len(kept) < 2_200_000
    assert kept.startswith("line 0\n")
    assert kept.endswith("line 999999\n")


def test_pieces_end_with_lines_and_never_inside_a_key() -> None:
    """A piece never ends inside a private key, so the key is masked as a whole."""
    key = "-----BEGIN PRIVATE KEY-----\n" + "A" * 60 + "\n" + "-----END PRIVATE KEY-----\n"
    text = ("x " * 25 + "\n") * 3 + key + ("y " * 25 + "\n") * 3
    pieces: list[str] = []

    def note(piece: str) -> str:
        pieces.append(piece)
        return piece

    assert mask_in_pieces(text, note, size=200) == text
    assert len(pieces) > 1
    assert all(piece.count("-----BEGIN") == piece.count("-----END") for piece in pieces)


def test_the_tail_has_both_streams() -> None:
    """The tail has stdout's last lines, then stderr's; with one stream alone there's no divider."""
    out = "".join(f"out {number}\n" for number in range(100))
    both = tail(out, "err 1\nerr 2\n", 2900)
    assert both.startswith("out 80\n")
    assert both.endswith("out 99\n--- stderr ---\nerr 1\nerr 2")
    assert tail("", "err\n", 2900) == "err"
    assert tail(out, "", 2900).startswith("out 60\n")
    assert tail("", "", 2900) == ""


@given(st.text(max_size=5000), st.text(max_size=5000), st.integers(200, 3000))
def test_the_tail_fits(out: str, err: str, limit: int) -> None:
    """The tail keeps to its limit, whatever is printed."""
    assert len(tail(out, err, limit)) <= limit
