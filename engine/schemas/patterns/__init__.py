"""Patterns of JSON Schema: what they mean, read once for validation, types, proofs and generated code."""
