"""Programs: instructions, lowering, evaluation."""
