"""Server-sent event streams: changes of records, and the mailbox of a team."""
