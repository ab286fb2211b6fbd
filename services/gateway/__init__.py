"""The public face: HTTP and JSON over the services' gRPC, sessions, API keys, live changes.

Owns the schema `gateway` (accounts, api_keys, sessions, reveals) and no topic; services make all
decisions. Routes are data (`routes/`); one generic endpoint serves them (`http/endpoint.py`).
"""
