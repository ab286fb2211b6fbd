"""Dispute 矛盾纠纷: owns the one ledger of disputes and their mediation; schema dispute.

Topic: liandong.dispute.events.v1 out; in come the events of its incidents, and of alarms that were
referred to mediation. Parties are sealed with this service's key.
"""
