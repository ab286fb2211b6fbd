"""Dispute 矛盾纠纷: owns the ledger of all disputes and their mediation; schema dispute.

Publishes liandong.dispute.events.v1; consumes the events of its incidents and of alarms that were
referred to mediation. Parties are sealed with this service's key.
"""
