"""Measurements, each compared with a limit, or with a rival measured in the same run."""
