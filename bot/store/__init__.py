"""Redis storage: records, due sets, and lanes with Slack's budget.

Every decision that two replicas could both make is a script.
"""
