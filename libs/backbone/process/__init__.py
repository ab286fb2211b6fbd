"""Settings, logs, metrics, readiness and liveness of a process."""
