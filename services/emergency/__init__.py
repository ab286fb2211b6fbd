"""Emergency 应急联动: teams sent to matters, mailboxes of their terminals, repeats until answered.

Owns the topic liandong.emergency.events.v1 and the tables missions, mailboxes, mailbox_entries
and team_statuses.
"""
