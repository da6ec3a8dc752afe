"""A camera's profile, applied: whether its frame is looked at, which boxes pass, what is kept."""
