"""Emergency 应急联动: sends teams, and pushes missions to their terminals until they answer.

Owns the topic liandong.emergency.events.v1 and the tables missions, mailboxes, mailbox_entries
and team_statuses.
"""
