"""Kernels of special functions that SciPy lacks, or that lose digits there at the ends of their range."""
