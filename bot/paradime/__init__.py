"""Client of one workspace's Bolt API, over GraphQL."""
