"""The shell around one service: everything above, opened and closed as one."""
