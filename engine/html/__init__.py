"""Pages for a browser: one style sheet and one template base, from which every page is rendered whole.

A page is one file that opens from disk. It asks for nothing outside of it and runs nothing but its own script.
"""
