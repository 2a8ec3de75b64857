"""The objective: data sources, and the sum over rows that is minimised."""
