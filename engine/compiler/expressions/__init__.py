"""Compiles JMESPath expressions and templates to Python expressions."""
