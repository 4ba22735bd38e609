"""Background workers: one loop, and the ways to claim work from due sets and lanes."""
