"""Links in the documents lead somewhere, and paths exist. See tests/test_command_lines.py for commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.pages import CODE, ROOT, pages, prose

README_LINES = 120
COLUMNS = 100
FOLDERS = "bot|sandbox|tests|bench|tools|docs|requirements|deploy"
LINK = re.compile(r"\]\(([^()\s]+)\)|<img [^>]*\bsrc=\"([^\"]+)\"")


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    made: set[str] = set()
    for heading in re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        made.add(name if name not in made else f"{name}-1")
    return made


def broken_links(page: Path, text: str) -> list[str]:
    """A page's relative links to files or headings that don't exist."""
    broken = []
    for match in LINK.finditer(CODE.sub("", prose(text))):
        target = match[1] or match[2]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there.read_text(encoding="utf-8"))):
            broken.append(target)
    return broken


def missing_paths(text: str) -> list[str]:
    """Paths between backticks that name no file or folder in the repository."""
    code = "\n".join(CODE.findall(prose(text)))
    named = re.findall(rf"(?<![\w./-])((?:{FOLDERS})/[\w./*-]*+)(?!<)", code)
    return [path for path in named if not (ROOT / path).exists() and not ("*" in path and any(ROOT.glob(path)))]


def missing_scripts(text: str) -> list[str]:
    """Names after "script" or "scripts" that no file in bot/store/scripts has."""
    lists = re.findall(r"\b[Ss]cripts? ((?:`\w+`(?:, | and )?)+)", prose(text))
    names = [name for listed in lists for name in CODE.findall(listed)]
    return [name for name in names if not (ROOT / "bot/store/scripts" / f"{name}.lua").exists()]


def too_long(text: str) -> list[str]:
    """Lines of more than a hundred columns that could be broken, so no tables, headings, pictures or long links."""
    lines = [line for line in prose(text).splitlines() if len(line) > COLUMNS]
    return [
        line
        for line in lines
        if not re.match(r"\s*(\||#|!\[|<img )", line) and " " in re.sub(r"\[.*?\]\(.*?\)", "", line)
    ]


@pytest.mark.parametrize("name", pages())
def test_what_a_page_names_exists(name: str) -> None:
    """A page's links, anchors, paths and scripts exist, and its lines are wrapped."""
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    assert broken_links(page, text) == []
    assert missing_paths(text) == []
    assert missing_scripts(text) == []
    assert too_long(text) == []


def test_the_readme_is_short() -> None:
    """The README is short, and links to all pages in docs."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= README_LINES
    linked = {match[1] for match in LINK.finditer(text)}
    assert {str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md")} <= linked


def test_every_part_is_listed() -> None:
    """docs/how-it-works.md links to each of its pages, and the decision records' index to each record."""
    for index, folder in (("docs/how-it-works.md", "docs/how-it-works"), ("docs/adr/README.md", "docs/adr")):
        text = (ROOT / index).read_text(encoding="utf-8")
        linked = {
            ((ROOT / index).parent / match[1].partition("#")[0]).resolve() for match in LINK.finditer(text) if match[1]
        }
        there = {page.resolve() for page in (ROOT / folder).glob("*.md") if page.name != "README.md"}
        assert there <= linked, index


def test_the_changelog_knows_the_version() -> None:
    """Both packages have one license, and the newest released version, or a later one with unreleased changes."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (newest, *_) = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
    unreleased = text.partition("## [Unreleased]\n")[2].partition("\n## [")[0].strip()
    version, sandbox = (
        tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
        for package in (ROOT, ROOT / "sandbox")
    )
    assert version == sandbox
    if unreleased:
        # Otherwise, unreleased code would report the released version.
        assert _parts(version) > _parts(newest)
    else:
        assert version == newest
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "sandbox" / "LICENSE").read_bytes()


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def test_the_checks_can_fail(tmp_path: Path) -> None:
    """Each check finds what it looks for."""
    page = tmp_path / "page.md"
    text = (
        "# A heading\n\n[a](#a-heading) [b](#none) [c](none.md) `bot/none.py`\n"
        "\nScripts `add_watch`, `none`; script `claim_due`\n" + "long " * 30
    )
    page.write_text(text, encoding="utf-8")
    assert broken_links(page, text) == ["#none", "none.md"]
    assert missing_paths(text) == ["bot/none.py"]
    assert missing_scripts(text) == ["none"]
    assert len(too_long(text)) == 1
