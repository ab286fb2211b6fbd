"""Kafka: producers, the relay of the journal, consumers and their inbox."""
