"""The folder of an installation: its lock, state, keys, ports and logs."""
