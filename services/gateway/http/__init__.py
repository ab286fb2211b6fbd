"""The HTTP edge: reads requests, calls services, writes answers and problems."""
