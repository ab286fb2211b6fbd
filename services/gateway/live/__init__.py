"""Live streams: changes of matters, and the mailbox of a team."""
