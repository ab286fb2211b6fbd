"""`liandong replay`: a day is driven through a running city over its public API, then audited.

Simulated people do what people would do: the desk takes calls and ends each in one of five ways,
departments work on what lies in their inboxes, teams answer what is pushed to their terminals. All
of it goes over HTTP with API keys. At the end nothing is believed from memory: every count is read
back from the city.
"""
