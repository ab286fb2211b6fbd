"""Who calls: accounts, sessions, API keys, and the audit of reveals."""
