"""The contract: JSON to messages and back, and the OpenAPI document."""
