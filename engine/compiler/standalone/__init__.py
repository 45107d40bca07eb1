"""Writes a mapping as one Python module that needs nothing but the standard library."""
