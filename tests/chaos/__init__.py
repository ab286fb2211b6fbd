"""Processes die while a day is replayed, and the counts still agree.

`make chaos FILE=… REPORT=…` is the long form: each process is killed in turn, again and again, and
Kafka is held down for half a minute; then receipts are corrected, linked and ended at random while
teams are sent and recalled, under the same faults; then fifty clerks race for five hundred
incidents.
"""
