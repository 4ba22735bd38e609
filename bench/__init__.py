"""Measurements, each next to its limit, or as a ratio to a rival in the same run."""
