"""Pictures, drawn in a short-lived process of their own: the plotting library is larger than the whole bot."""
