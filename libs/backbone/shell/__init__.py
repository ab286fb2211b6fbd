"""The shell of a service: it opens, runs and closes all other rooms as one."""
