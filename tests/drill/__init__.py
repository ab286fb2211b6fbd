"""The drill: a city is lost and brought back, and what was lost is named."""
