"""Finding the schedule that a person means, and the form to start it."""
