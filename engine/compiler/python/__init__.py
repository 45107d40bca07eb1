"""Parts of generated Python source: values, functions, blocks, names and constants."""
