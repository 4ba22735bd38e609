"""A local Slack workspace and a local Bolt API, for trying and testing the bot without accounts."""
