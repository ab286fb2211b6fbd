"""The pure vocabulary of all domains, and the only part of backbone that they import."""
