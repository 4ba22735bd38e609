"""A run's progress, its usual duration, and comparisons with earlier runs."""
