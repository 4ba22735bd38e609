"""A picture as an SVG, which the drawing process turns into pixels."""

from __future__ import annotations

import re
from html import escape

from bot.charts.fonts import FAMILY, Weight
from bot.charts.shapes import Fill, Line, Pattern, Picture, Rectangle, Shape, Text

# Characters that an SVG can't contain, even escaped.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SCALE = 2
# A halo's width, as a fraction of the letter's size; half of it is outside the letter.
HALO_PART = 0.24
WEIGHTS: dict[Weight, int] = {"regular": 400, "semibold": 600}
# The side length of a tile, and what is drawn on it in the pattern's color.
PATTERNS: dict[Pattern, tuple[float, str]] = {
    "stripes": (9, '<path d="M-1 10 10 -1M-1 1 1 -1M8 10 10 8" stroke="{color}" stroke-width="1.5"/>'),
    "dots": (
        7,
        '<circle cx="1.75" cy="1.75" r="1.1" fill="{color}"/><circle cx="5.25" cy="5.25" r="1.1" fill="{color}"/>',
    ),
    "lines": (5, '<path d="M0 2.5H5" stroke="{color}" stroke-width="1.3"/>'),
    "crosses": (10, '<path d="M-1 -1 11 11M-1 11 11 -1" stroke="{color}" stroke-width="1.4"/>'),
}


def svg(picture: Picture) -> str:
    """Write a picture as an SVG."""
    width, height = _number(picture.width), _number(picture.height)
    fills = list(dict.fromkeys(each.fill for each in picture.shapes if isinstance(each, Rectangle)))
    names = {fill: f"fill{at}" for at, fill in enumerate(fills) if fill.pattern}
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" ',
            f'width="{_number(picture.width * SCALE)}" height="{_number(picture.height * SCALE)}" ',
            f'font-family="{FAMILY}">',
            "<defs>",
            *(_pattern(name, fill) for fill, name in names.items()),
            "</defs>",
            f'<rect width="{width}" height="{height}" fill="{picture.ground}"/>',
            *(_shape(each, names) for each in picture.shapes),
            "</svg>",
        )
    )


def _pattern(name: str, fill: Fill) -> str:
    side, drawn = PATTERNS[fill.pattern]
    return (
        f'<pattern id="{name}" width="{side}" height="{side}" patternUnits="userSpaceOnUse">'
        f'<rect width="{side}" height="{side}" fill="{fill.color}"/>{drawn.format(color=fill.pattern_color)}</pattern>'
    )


def _shape(shape: Shape, names: dict[Fill, str]) -> str:
    match shape:
        case Rectangle(box, fill):
            paint = f"url(#{names[fill]})" if fill in names else fill.color
            return (
                f'<rect x="{_number(box.left)}" y="{_number(box.top)}" width="{_number(box.width)}" '
                f'height="{_number(box.height)}" fill="{paint}"/>'
            )
        case Line():
            dash = f' stroke-dasharray="{" ".join(map(_number, shape.dash))}"' if shape.dash else ""
            return (
                f'<path d="M{_number(shape.x1)} {_number(shape.y1)}L{_number(shape.x2)} {_number(shape.y2)}" '
                f'stroke="{shape.color}" stroke-width="{_number(shape.width)}"{dash}/>'
            )
        case Text():
            return _text(shape)


def _text(shape: Text) -> str:
    halo = (
        f' stroke="{shape.halo}" stroke-width="{_number(shape.size * HALO_PART)}" stroke-linejoin="round" paint-order="stroke"'
        if shape.halo
        else ""
    )
    return (
        f'<text x="{_number(shape.x)}" y="{_number(shape.baseline)}" font-size="{_number(shape.size)}" '
        f'font-weight="{WEIGHTS[shape.weight]}" text-anchor="{shape.anchor}" fill="{shape.color}"{halo} '
        f'xml:space="preserve">{escape(NOT_XML.sub("", shape.text), quote=False)}</text>'
    )


def _number(value: float) -> str:
    """At most two decimals, and none if they're zero."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
