"""Measurements, each compared with its limit, or with a rival in the same run."""
