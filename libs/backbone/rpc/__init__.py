"""gRPC between services: the edge, the server, channels, who calls, asking again."""
