"""How fast, against what else there is: ``python -m tests.benchmarks``. Speed is measured, never tested."""
