"""The commands of `moemap`, one module each: options in, one call of the engine, rendering, exit code.

The module of a command has the name of the command, and the attribute `command`, its click command. It is imported when
the command runs. Parts that several commands need are in `shared`.
"""
