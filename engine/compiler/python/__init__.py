"""Python source as it is written: values, functions, blocks, names and constants."""
