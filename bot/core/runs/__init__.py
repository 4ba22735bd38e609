"""How far a run has come, its usual duration, and what earlier runs say."""
