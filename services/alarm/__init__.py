"""Alarm 接警: the 110 front desk. Owns receipts; topic liandong.alarm.events.v1; schema alarm."""
