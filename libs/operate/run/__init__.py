"""Starting, supervising and stopping the processes of an installation."""
