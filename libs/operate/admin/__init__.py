"""Administration of an installation: accounts, city, topics, dead letters, status, doctor."""
