"""The generic engine: reads rules, proves them, runs them and explains what they did. It knows no product."""
