"""Months of the journal in files: which are due, how they are written, taken out and proven."""
