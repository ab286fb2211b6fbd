"""One process: its settings, logs, metrics, readiness and liveness."""
