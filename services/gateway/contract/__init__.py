"""Conversion between JSON and messages, and the OpenAPI document."""
