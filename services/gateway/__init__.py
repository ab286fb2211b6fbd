"""The public face: HTTP and JSON over the services' gRPC, sessions, API keys, live changes.

Owns accounts, keys, sessions and the registers of auditors; schema gateway; no topic. Services make
all decisions. Routes are data (`routes/`); one generic endpoint serves them (`http/endpoint.py`).
"""
