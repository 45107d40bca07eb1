"""Parts that several commands need: exit codes, opening mappings, choosing files, showing progress."""
