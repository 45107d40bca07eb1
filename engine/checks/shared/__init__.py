"""The registry and the runner of checks, and the functions that several checks use."""
