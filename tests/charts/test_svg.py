"""A picture as an SVG."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from bot.charts.shapes import Box, Fill, Line, Picture, Rectangle, Shape, Text
from bot.charts.svg import NOT_XML, PATTERNS, svg

NS = "{http://www.w3.org/2000/svg}"


def tree(*shapes: Shape) -> ET.Element:
    """The SVG of these shapes, parsed."""
    return ET.fromstring(svg(Picture(100, 50.5, "#ffffff", shapes)))  # noqa: S314 - our own


def test_it_has_two_pixels_a_unit() -> None:
    """An SVG has its own background, and two pixels per unit, so that it's crisp on dense screens."""
    root = tree()
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("200", "101", "0 0 100 50.5")
    (ground,) = root.findall(f"{NS}rect")
    assert (ground.get("width"), ground.get("height"), ground.get("fill")) == ("100", "50.5", "#ffffff")


def test_shapes_come_in_their_order() -> None:
    """Shapes are drawn in order, the last one on top."""
    root = tree(
        Rectangle(Box(1, 2, 3, 4.125), Fill("#000001")),
        Line(0, 0, 1, 1, "#000002", 2, (3, 4)),
        Text(1, 2, "a", 9, "#000003"),
    )
    drawn = list(root)[2:]
    assert [each.tag for each in drawn] == [f"{NS}rect", f"{NS}path", f"{NS}text"]
    assert drawn[0].attrib == {"x": "1", "y": "2", "width": "3", "height": "4.12", "fill": "#000001"}
    assert drawn[1].attrib == {"d": "M0 0L1 1", "stroke": "#000002", "stroke-width": "2", "stroke-dasharray": "3 4"}


def test_a_pattern_is_defined_once_for_all_that_have_it() -> None:
    """A pattern is defined once for all shapes that use it; a plain fill needs none."""
    striped = Fill("#000001", "stripes", "#000002")
    root = tree(*[Rectangle(Box(0, 0, 1, 1), each) for each in (striped, striped, Fill("#000003"))])
    (pattern,) = root.findall(f".//{NS}pattern")
    fills = [each.get("fill") for each in root.findall(f"{NS}rect")[1:]]
    assert fills == [f"url(#{pattern.get('id')})"] * 2 + ["#000003"]
    assert "#000002" in ET.tostring(pattern, encoding="unicode")


def test_each_pattern_is_one_of_its_own() -> None:
    """Each pattern is different, so that outcomes can be told apart without color."""
    assert len({drawn for _, drawn in PATTERNS.values()}) == len(PATTERNS) == 4


@given(st.text())
def test_a_text_can_be_anything(text: str) -> None:
    """Any text stays one text, without the characters that an SVG can't contain."""
    (drawn,) = tree(Text(0, 0, text, 9, "#000000", halo="#ffffff")).findall(f"{NS}text")
    assert list(drawn) == []
    assert (drawn.text or "").replace("\r", "\n") == NOT_XML.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
