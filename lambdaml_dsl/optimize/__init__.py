"""Optimisers: they see an objective and a theta, never a formula or a data frame."""
