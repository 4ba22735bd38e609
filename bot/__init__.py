"""A Slack bot that starts, follows, cancels and explains Paradime Bolt runs."""
