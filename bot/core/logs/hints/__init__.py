"""Hints: what a failure means and what to do next, from a table of known messages. No language model, no guesses."""
