"""HTTP: from a request to an answer or a problem."""
