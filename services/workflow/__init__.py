"""Workflow: owns incidents, their accountable units and their clocks; schema workflow.

Publishes liandong.incident.events.v1; consumes liandong.incident.commands.v1 and intake events.
"""
