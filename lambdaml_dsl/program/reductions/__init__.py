"""What stands in for slow instructions, and the proof that it may."""
