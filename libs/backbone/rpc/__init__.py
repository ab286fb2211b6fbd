"""gRPC between services: server and edge, channels, call metadata, rules, retries."""
