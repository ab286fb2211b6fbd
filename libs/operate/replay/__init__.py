"""`liandong replay`: drives a day through a running city over its public API, then audits it.

Simulated people act over HTTP with API keys: the desk takes calls and ends each in one of five
ways, departments work on the incidents in their inboxes, teams answer the missions pushed to their
terminals. At the end every count is read back from the city.
"""
