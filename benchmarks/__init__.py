"""Benchmarks of moemap: what is measured and compared, and the run that prints and writes the figures."""
