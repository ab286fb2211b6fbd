"""Workflow: owns incidents, who answers for them and their clocks; schema workflow.

Topics: liandong.incident.events.v1 out, liandong.incident.commands.v1 and the intake events in.
"""
