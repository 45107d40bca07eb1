"""Texts of rule files: their canonical layout."""
