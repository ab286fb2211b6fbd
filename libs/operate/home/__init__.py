"""What an installation keeps on disk: its folder, keys, ports and logs."""
