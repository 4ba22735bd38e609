"""What the bot serves over HTTP: health, metrics, and Slack's requests in HTTP mode."""
