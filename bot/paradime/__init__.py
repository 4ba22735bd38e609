"""The Bolt API of one workspace, over GraphQL."""
