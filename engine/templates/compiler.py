"""Compiles templates."""

from __future__ import annotations

from functools import lru_cache

from .template import Template, TemplateError

__all__ = ["MAX_TEMPLATE_CHARS", "compile"]


MAX_TEMPLATE_CHARS = 10_000
_MAX_KEPT_CHARS = 500


def compile(text: str, guard: str | None = None) -> Template:  # noqa: A001 - always called as templates.compile
    """Parses and checks a template; all its values pass the `guard`, if any. Raises TemplateError.

    Results for short texts are cached, as those of expressions.
    """
    return _kept(text, guard) if len(text) <= _MAX_KEPT_CHARS else _compile(text, guard)


@lru_cache(maxsize=1024)
def _kept(text: str, guard: str | None) -> Template:
    return _compile(text, guard)


def _compile(text: str, guard: str | None) -> Template:
    # Imported late: Jinja2 is slow to import, and many mappings have no template.
    from .jinja import renderer
    from .parser import read  # imports Jinja2 as well

    if len(text) > MAX_TEMPLATE_CHARS:
        reason = f"it has {len(text)} characters; at most {MAX_TEMPLATE_CHARS} are allowed"
        raise TemplateError(reason, 0, len(text))
    tree, roots = read(text, guard)
    return Template(text, roots, renderer(tree), guard)
