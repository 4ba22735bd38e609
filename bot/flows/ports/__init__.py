"""What the flows need of the outside, as small protocols."""
