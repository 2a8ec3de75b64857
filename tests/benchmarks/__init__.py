"""How fast, against what else there is: ``python -m tests.benchmarks``. No test: nothing here passes or fails."""
