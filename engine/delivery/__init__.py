"""Delivers requests: an outbox that survives crashes, the limits of a destination, answers, and the sender."""
