"""The gateway as a whole, over a real server."""

from tests.gateway import gateway_database

__all__ = ["gateway_database"]
