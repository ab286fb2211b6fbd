"""Alarm 接警: the one front desk. Owns receipts; topic liandong.alarm.events.v1; schema alarm."""
