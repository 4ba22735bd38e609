"""Masking secrets and row values."""
