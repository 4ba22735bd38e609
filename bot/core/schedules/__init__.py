"""Finding the schedule that a person means, and the form that starts it."""
