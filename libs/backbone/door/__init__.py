"""The door: the only writer of aggregates, one transaction per batch of requests."""
