"""Accounts, sessions, API keys, and the audit of reveals."""
