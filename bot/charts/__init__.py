"""Charts: figures become shapes, shapes become an SVG, and a short-lived process turns that into a PNG."""
