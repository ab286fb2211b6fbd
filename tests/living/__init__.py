"""People at work in a whole city while something happens to it, and what they saw of it."""
