"""The `liandong` command: starts, watches and examines a local installation."""
