"""`python -m moemap`: the command, where it is not on the path."""

from .cli import run

if __name__ == "__main__":
    run()
