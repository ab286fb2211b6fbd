"""Petition 信访: owns petitions and their replies; schema petition.

Topic: liandong.petition.events.v1 out, the events of its incidents in. Petitioners are sealed with
this service's key; a citizen follows with the code and a PIN.
"""
