"""Redis: records, due sets, lanes with Slack's budget. What two replicas could both decide is a script."""
