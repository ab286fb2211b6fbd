"""The embedded Kafka and PostgreSQL."""
