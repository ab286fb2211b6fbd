"""Code shared by the intake services: opening an incident, and following it."""
