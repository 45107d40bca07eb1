"""What checks share, and what runs them."""
