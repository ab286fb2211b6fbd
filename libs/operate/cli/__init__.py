"""The `liandong` command line and the make targets."""
