"""Kafka: producers, the relay of the journal, consumers and what they have applied."""
