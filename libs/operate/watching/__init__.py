"""Prometheus and Alertmanager beside a running city, from Debian's packages, without root."""
