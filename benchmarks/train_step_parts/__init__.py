"""A student's training step in several ways, and what each costs."""
