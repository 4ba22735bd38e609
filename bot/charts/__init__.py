"""Charts, drawn in a short-lived process of their own, because the plotting library is larger than the whole bot."""
