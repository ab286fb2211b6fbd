"""The one door: every change of every aggregate, in one transaction."""
