"""What several commands need: how they end, open mappings, choose files, show progress."""
