"""Backup, restore, and what a restored city needs before it goes on."""
