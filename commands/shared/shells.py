"""Completion in Bash, which breaks words at `=`, as in `--set identity=email`."""

from __future__ import annotations

from typing import Any

from click.shell_completion import BashComplete, CompletionItem, add_completion_class

__all__ = ["Bash"]


class Bash(BashComplete):
    """The completion of Bash, which gets words as they were typed, and returns the text after the last `=`."""

    name = "bash"
    source_template = BashComplete.source_template.replace(
        "COMPREPLY+=($value)", 'COMPREPLY+=("$value"); [[ $value == *= ]] && compopt -o nospace'
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        words, incomplete = super().get_completion_args()
        typed: list[str] = []
        for word in (*words, incomplete):
            joins = typed and (word == "=" or typed[-1].endswith("="))
            typed[-1:] = [typed[-1] + word] if joins else [*typed[-1:], word]
        # Bash replaces only the text after the equals sign in the last word.
        self.before = typed[-1][: typed[-1].rfind("=") + 1]
        return typed[:-1], typed[-1]

    def format_completion(self, item: CompletionItem[Any]) -> str:
        return f"{item.type},{item.value.removeprefix(self.before)}"


add_completion_class(Bash, "bash")
