"""Fitting: model and data in, result with uncertainties out."""
