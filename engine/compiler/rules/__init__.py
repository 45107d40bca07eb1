"""Compiles rules to Python: fields, conversions, spreads, chains of rules, the whole mapping."""
