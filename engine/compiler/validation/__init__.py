"""Compiles schemas to Python code that validates bodies as they are made."""
