"""What an operator asks of a running installation: accounts, city, topics, dead letters, doctor."""
