"""Petition 信访: owns petitions and their replies; schema petition.

Publishes liandong.petition.events.v1; consumes the events of its incidents. Petitioners are sealed
with this service's key; a citizen tracks the petition with its code and a PIN.
"""
