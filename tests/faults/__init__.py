"""Faults that are injected into a running city, and the alerts that must tell of them."""
