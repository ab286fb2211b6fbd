"""A team's status: available, resting, or out of service."""
