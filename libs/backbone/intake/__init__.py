"""What the intake services share: opening an incident, and following it."""
