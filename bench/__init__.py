"""Measurements, each as a ratio to a rival or beside a limit in the same run."""
