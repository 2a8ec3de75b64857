"""Independent references: none of them shares code with what it checks."""
