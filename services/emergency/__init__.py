"""Emergency 应急联动: sends teams, and pushes missions to their terminals until they answer.

Owns missions, mailboxes and team statuses; topic liandong.emergency.events.v1; schema emergency.
"""
