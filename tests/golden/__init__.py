"""What each release wrote, kept for ever: read, folded and answered by every later release."""
