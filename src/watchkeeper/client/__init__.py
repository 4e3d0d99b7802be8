"""A typed client of the hub's HTTP API (docs/api.md)."""
