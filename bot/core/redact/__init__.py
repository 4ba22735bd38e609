"""Masking of secrets and row values."""
