"""The documentation of a mapping: what it does in tables, with an example of each rule, as Markdown and HTML."""
