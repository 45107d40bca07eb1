"""Random JMESPath expressions over some roots, random JSON for them, and random rules made of such expressions."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.syntax_errors import ExpressionError
from moemap.engine.functions.table import FUNCTIONS
from moemap.engine.values import coercion

NAMES = ("a", "b", "c", "d", "A", "x y")
TEXTS = ("", "a", "b", "A", "moe_x", "12", "-1.5", "true", "1700000000123", "ä", "2026-01-31T23:59:59+01:00")
NUMBERS = (0, 1, -1, 2, 0.0, 1.0, 1.5, -2.5, 1e300, 2**63, 2**64 - 1, 1700000000123)
ROOTS = ("a", "b", "c")


CONSTANTS = {
    "precision": ("'seconds'", "'milliseconds'", "'minutes'"),
    "pattern": ("'a'", "'^[0-9]+$'", "'(.)(b|$)'", "''", "'[^a-z]+?'", "'(?:a|_)*.'", r"'\b1'"),
    "replacement": ("''", "'$&$&'", "'<$1>'", "'$$'", "'$2'"),
    "format": ("'%Y-%m-%dT%H:%M:%S%z'", "'%Y-%m-%d'", "'%-d %b %Y'"),
    "zone": ("'UTC'", "'+01:30'", "'Europe/Berlin'"),
    "lists": ("'keep'", "'index'", "'brackets'", "'other'"),
    "decimals": ("`0`", "`2`", "`21`", "`1.5`"),
    "length": ("`0`", "`2`", "`-1`", "`9`", "`0.5`"),
    "start": ("`0`", "`1`", "`-2`", "`9`"),
    "ending": ("''", "'.'"),
}
"""Constants for parameters of these names: the functions always refuse most others."""


class Dice(Random):
    """A source of chance, the same for a seed; `roots` are the names that expressions may start with."""

    def __init__(self, seed: int, roots: tuple[str, ...] = ROOTS) -> None:
        super().__init__(seed)
        self.roots = roots
        self.variables: tuple[str, ...] = ()


def json_value(dice: Dice, depth: int = 3) -> Any:
    """A JSON value in which the kinds that JMESPath tells apart are all likely."""
    choice = dice.randrange(10 if depth else 7)
    if choice == 0:
        return None
    if choice <= 1:
        return dice.choice((True, False))
    if choice <= 3:
        return dice.choice(NUMBERS)
    if choice <= 6:
        return dice.choice(TEXTS)
    if choice == 7:
        return [json_value(dice, depth - 1) for _ in range(dice.randrange(4))]
    if choice == 8:  # a list of one kind, for the functions that want one
        kind = dice.choice((TEXTS, NUMBERS, ({"a": 1, "b": "x"}, {"a": 0, "b": "y"}, {"a": 2.5, "c": "x"})))
        return [dice.choice(kind) for _ in range(dice.randrange(4))]
    return {dice.choice(NAMES): json_value(dice, depth - 1) for _ in range(dice.randrange(5))}


def context(dice: Dice) -> dict[str, Any]:
    return {name: json_value(dice) for name in dice.roots}


def expression(dice: Dice, depth: int = 4, *, top: bool = True) -> str:
    """An expression of the language; at the top it starts with a root."""
    while True:
        make = dice.choices(
            (_path, _literal, _comparison, _junction, _negation, _call, _select, _pipe, _projection, _scoped),
            (6, 1, 3, 3, 1, 5, 2, 1, 4, 1),
        )[0]
        text = make(dice, depth - 1, top) if depth > 0 else _atom(dice, top)
        if not top or dice.variables or "$" not in text or _can_be_used(text):
            return text


def _can_be_used(text: str) -> bool:
    """Returns whether the expression copies variables no more often than is allowed."""
    try:
        parse(text)
    except ExpressionError:
        return False
    return True


def _scoped(dice: Dice, depth: int, top: bool) -> str:
    before, name = dice.variables, f"v{len(dice.variables)}"
    value = expression(dice, depth, top=top)
    dice.variables = (*before, name)
    body = expression(dice, depth, top=top)
    dice.variables = before
    return f"(let ${name} = {value} in {body})"


def _atom(dice: Dice, top: bool) -> str:
    if dice.random() < (0.1 if top else 0.2):
        return f"${dice.choice((*dice.roots, *dice.variables, *dice.variables))}"
    if not top and dice.random() < 0.3:
        return "@"
    return dice.choice(dice.roots) if top else _name(dice)


def _name(dice: Dice) -> str:
    name = dice.choice(NAMES)
    return name if name.isidentifier() else json.dumps(name)


def _path(dice: Dice, depth: int, top: bool) -> str:
    path = _atom(dice, top)
    for _ in range(dice.randrange(3)):
        step = dice.randrange(8)
        if step < 5:
            path += f".{_name(dice)}"
        elif step < 7:
            path += f"[{dice.randint(-2, 2)}]"
        else:
            parts = [dice.choice(("", str(dice.randint(-2, 2)))) for _ in range(2)]
            path += f"[{':'.join(parts)}{dice.choice(('', ':-1', ':2'))}]"
    return path


def _literal(dice: Dice, depth: int, top: bool) -> str:
    if dice.random() < 0.4:
        return "'" + dice.choice(TEXTS) + "'"
    return f"`{json.dumps(json_value(dice, 2))}`"


def _operand(dice: Dice, depth: int, top: bool) -> str:
    return f"({expression(dice, depth, top=top)})"


def _comparison(dice: Dice, depth: int, top: bool) -> str:
    sign = dice.choice(("==", "!=", "==", "<", "<=", ">", ">="))
    left = f"type({expression(dice, depth, top=top)})" if dice.random() < 0.2 else _operand(dice, depth, top)
    kinds = ("string", "number", "array", "object", "null", "boolean", "other")
    right = f"'{dice.choice(kinds)}'" if left.startswith("type") else _operand(dice, depth, top)
    return f"{left} {sign} {right}" if dice.random() < 0.8 else f"{right} {sign} {left}"


def _junction(dice: Dice, depth: int, top: bool) -> str:
    return f"{_operand(dice, depth, top)} {dice.choice(('&&', '||'))} {_operand(dice, depth, top)}"


def _negation(dice: Dice, depth: int, top: bool) -> str:
    return f"!{_operand(dice, depth, top)}"


def _call(dice: Dice, depth: int, top: bool) -> str:
    function = dice.choice(tuple(FUNCTIONS.values()))
    parameters = list(function.parameters)
    if function.variadic:
        parameters += [parameters[-1]] * dice.randrange(2)
    arguments = []
    for parameter in parameters:
        if parameter.types == ("expref",):
            arguments.append(f"&{expression(dice, depth, top=False)}")
        elif parameter.name in CONSTANTS:
            arguments.append(dice.choice(CONSTANTS[parameter.name]))
        elif parameter.types == ("string",) and dice.random() < 0.5:
            arguments.append("'" + dice.choice((*TEXTS, "moe_*", "?", "*a")) + "'")
        else:
            arguments.append(expression(dice, depth, top=top))
    return f"{function.name}({', '.join(arguments)})"


def _select(dice: Dice, depth: int, top: bool) -> str:
    start = "" if dice.random() < 0.5 else f"{_path(dice, depth, top)}."
    top = top and not start
    parts = [expression(dice, depth, top=top) for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.5:
        return f"{start}[{', '.join(parts)}]"
    return start + "{" + ", ".join(f"{dice.choice('xyz')}: {part}" for part in parts) + "}"


def _pipe(dice: Dice, depth: int, top: bool) -> str:
    return f"{_operand(dice, depth, top)} | {_operand(dice, depth, False)}"


def _projection(dice: Dice, depth: int, top: bool) -> str:
    base = _path(dice, depth, top) if dice.random() < 0.7 else _operand(dice, depth, top)
    kind = dice.randrange(5)
    if kind == 0:
        step = "[*]"
    elif kind == 1:
        step = "[]"
    elif kind == 2:
        step = ".*"
    else:
        step = f"[?{expression(dice, depth, top=False)}]"
    after = dice.choice(("", f".{_name(dice)}", f".{_name(dice)}", "[0]", f".[{_name(dice)}]", "[]"))
    return f"{base}{step}{after}"


# --- rules

TYPES = tuple(coercion.TYPES)
TIMES: tuple[dict[str, Any], ...] = (
    {"reads": ["iso", "milliseconds"], "writes": "seconds"},
    {"reads": ["seconds", "%Y-%m-%dT%H:%M:%S%z"], "precision": "milliseconds"},
    {"reads": "%Y-%m-%d", "zone": "Europe/Berlin", "writes_zone": "keep"},
    {"writes": "%d %b %Y", "writes_zone": "+05:30"},
    {"writes": "milliseconds", "writes_zone": "keep"},
)
OUTPUTS = ("single", "list", "merged", "aimed", "elements", "value", "none", "form")
AIMED = ("aimed", "none")


def rules(dice: Dice) -> dict[str, Any]:
    """A mapping file without its head: lets, tables, a policy, routes and rules, all of them small."""
    dice.roots = ("batch", "settings")
    names = []
    lets = {}
    for number in range(dice.randrange(5)):
        lets[f"let{number}"] = _let(dice, 2)
        names.append(f"let{number}")
        dice.roots = ("batch", "settings", *names)
    top = dice.roots
    routes: dict[str, Any] = {
        "items": {"each": dice.choice(("batch.a", "batch.b", "batch.*", "batch.c[]")), "as": "item"}
    }
    routes["entries"] = {"each": dice.choice(("batch", "batch.a", "batch.d")), "as": "entry", "key": "entry_key"}
    routes["items"]["index"] = "item_index"
    dice.roots = (*top, "item", "item_index")
    if dice.random() < 0.4:
        routes["items"]["let"] = {"inner": _let(dice, 1)}
    made = []
    for number in range(dice.randint(1, 5)):
        route = dice.choice((None, "items", "items", "entries"))
        dice.roots = (*top, *{"items": ("item", "item_index"), "entries": ("entry", "entry_key")}.get(route or "", ()))
        made.append(_rule(dice, f"rule{number}", route))
    dice.roots = (*top, "name", "value")
    policies = {"policy": [_entry(dice) for _ in range(dice.randint(1, 3))]}
    return {"let": lets, "routes": routes, "rules": made, "policies": policies, "omit_empty": dice.random() < 0.2}


def _rule(dice: Dice, name: str, route: str | None) -> dict[str, Any]:
    rule: dict[str, Any] = {"rule": name}
    if route is not None:
        rule["route"] = route
    if dice.random() < 0.6:
        rule["when"] = _condition(dice)
    before = dice.roots
    if dice.random() < 0.3:
        rule["let"] = {}
        for number in range(dice.randint(1, 2)):
            rule["let"][f"own{number}_{name}"] = _let(dice, 1)
            dice.roots = (*dice.roots, f"own{number}_{name}")
    if dice.random() < 0.3:
        rule["warn"] = [{"when": _condition(dice), "message": _template(dice)}]
    kind = dice.random()
    if kind < 0.1 and route is not None:
        rule["skip"] = _template(dice)
    elif kind < 0.2:
        rule["reject"] = _template(dice)
        rule.setdefault("when", _condition(dice))
    else:
        rule["output"] = dice.choice(OUTPUTS)
        if rule["output"] in AIMED:
            aim = expression(dice, 2) if dice.random() < 0.3 else f"{dice.choice(dice.roots)}.{dice.choice('abcd')}"
            rule["let"] = {**rule.get("let", {}), "aim": aim if dice.random() < 0.5 else dice.choice(dice.roots)}
        rule |= _given(dice, rule["output"])
        if route is not None and dice.random() < 0.3:
            rule["then"] = "continue"
    dice.roots = before
    return rule


def _given(dice: Dice, output: str) -> dict[str, Any]:
    """The part of a rule that makes a body of an output."""
    if output in ("merged", "aimed", "form"):
        return _merged(dice)
    if output == "none":
        return {}
    if output == "value" or (output in ("elements", "list") and dice.random() < 0.5):
        return {"value": _field(dice, 1)}
    return _members(dice, 2)


def _merged(dice: Dice) -> dict[str, Any]:
    fields: dict[str, Any] = {"attributes": _members(dice, 1)}
    if dice.random() < 0.5:
        fields["tags"] = {"each": expression(dice, 2), "as": "tag", "value": {"from": "tag", "type": "string"}}
    if dice.random() < 0.2:
        fields["other"] = expression(dice, 2)
    return {"fields": fields}


def _members(dice: Dice, depth: int) -> dict[str, Any]:
    members: dict[str, Any] = {"fields": {f"f{number}": _member(dice, depth) for number in range(dice.randint(1, 3))}}
    if dice.random() < 0.5:
        members["spread"] = [_spread(dice) for _ in range(dice.randint(1, 2))]
    return members


def _member(dice: Dice, depth: int) -> Any:
    """A field that may keep null."""
    field = _field(dice, depth)
    if isinstance(field, dict) and "required" not in field and dice.random() < 0.1:
        field["keep_null"] = True
    return field


def _field(dice: Dice, depth: int) -> Any:
    kind = dice.randrange(10 if depth else 5)
    if kind == 0:
        return expression(dice, 2)
    if kind == 1:
        return [expression(dice, 2), {"from": expression(dice, 1), "type": dice.choice(TYPES)}]
    field: dict[str, Any]
    if kind == 2:
        field = {"const": json_value(dice, 2)}
    elif kind == 3:
        field = {"template": _template(dice)}
    elif kind <= 5:
        field = {"from": expression(dice, 2) if dice.random() < 0.5 else f"{dice.choice(dice.roots)}.{_name(dice)}"}
    elif kind == 6:
        field = _members(dice, depth - 1)
    elif kind == 9:
        field = {"list": [_member(dice, depth - 1) for _ in range(dice.randint(1, 3))]}
    else:
        field = _each(dice, depth)
    if dice.random() < 0.3:
        field["when"] = _condition(dice)
    if dice.random() < 0.2:
        unlisted: Any = dice.choice(("omit", "keep", "reject", {"const": json_value(dice, 0)}))
        entries = {text: json_value(dice, 0) for text in ("a", "b", "1", "true")}
        field["table"] = {"entries": entries, "unlisted": unlisted, "ignore_case": dice.random() < 0.5}
    if dice.random() < 0.5:
        field["type"] = dice.choice(TYPES)
        if field["type"] == "array" and dice.random() < 0.5:
            field["items"] = dice.choice(TYPES[:4])
        if field["type"] == "string" and dice.random() < 0.3:
            field["decimals"] = dice.randrange(4)
        if field["type"] == "datetime" and dice.random() < 0.7:
            field["time"] = dice.choice(TIMES)
    if dice.random() < 0.2:
        field["default"] = json_value(dice, 1)
    if dice.random() < 0.15:
        field["required"] = True
    if dice.random() < 0.1:
        field["omit_empty"] = dice.random() < 0.8
    if dice.random() < 0.3:
        field["on_problem"] = dice.choice(("omit", "reject", "keep"))
    return field


def _let(dice: Dice, depth: int) -> Any:
    """A field that often fails, so that it shows whether and when it was evaluated."""
    field = _field(dice, depth)
    kind = dice.random()
    if isinstance(field, dict) and kind < 0.4:
        field.setdefault("when", _condition(dice))
    if isinstance(field, dict) and kind < 0.3:
        field["required"] = True
    elif isinstance(field, dict) and kind < 0.5:
        field |= {"type": dice.choice(TYPES[:6]), "on_problem": dice.choice(("omit", "reject"))}
        for key in ("items", "decimals", "time"):  # they belong to another type
            field.pop(key, None)
    return field


def _each(dice: Dice, depth: int) -> dict[str, Any]:
    before = dice.roots
    name = f"each{len(before)}"
    each: dict[str, Any] = {"each": expression(dice, 2), "as": name}
    if dice.random() < 0.6:
        each["each"] = f"{dice.choice(before)}.{_name(dice)}"
    dice.roots = (*before, name)
    if dice.random() < 0.4:
        kind = dice.choice(("key", "key", "index"))
        each[kind] = f"{kind}{len(before)}"
        dice.roots = (*dice.roots, each[kind])
    if dice.random() < 0.3:
        each["let"] = {f"let_{name}": _let(dice, 0)}
        dice.roots = (*dice.roots, f"let_{name}")
    each |= _members(dice, depth - 1) if dice.random() < 0.5 else {"value": _field(dice, depth - 1)}
    dice.roots = before
    return each


def _spread(dice: Dice) -> dict[str, Any]:
    spread: dict[str, Any] = {
        "from": dice.choice((f"{dice.choice(dice.roots)}.{_name(dice)}", dice.choice(dice.roots)))
    }
    if "name" in dice.roots or dice.random() < 0.2:
        return {**spread, "key": f"name{len(dice.roots)}", "as": f"value{len(dice.roots)}"}
    if dice.random() < 0.3:
        spread["except"] = {"names": ["a"], "prefixes": ["x"], "patterns": ["*d"], "ignore_case": dice.random() < 0.5}
    if dice.random() < 0.2:
        spread["rename"] = {"a": "b", "c": "f0"}
    if dice.random() < 0.6:
        spread["entries"] = "policy"
        return spread
    before = dice.roots
    dice.roots = (*before, "name", "value")
    if dice.random() < 0.3:
        spread["let"] = {"slug": _let(dice, 0)}
        dice.roots = (*dice.roots, "slug")
    spread["entries"] = [_entry(dice) for _ in range(dice.randint(1, 4))]
    dice.roots = before
    return spread


def _entry(dice: Dice) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if dice.random() < 0.8:
        tests = (
            "name == 'a'",
            "contains(['a', 'b'], name)",
            "type(value) == 'array'",
            "value == `null`",
            "value == 'x'",
            "type(value) == 'object' || type(value) == 'number'",
            "starts_with(name, 'x')",
            _condition(dice),
        )
        entry["when"] = dice.choice(tests)
        if dice.random() < 0.3:
            entry["when"] = f"({entry['when']}) && ({_condition(dice)})"
    before = dice.roots
    if dice.random() < 0.15:
        entry["let"] = {"own": _let(dice, 0)}
        dice.roots = (*before, "own")
    if dice.random() < 0.3:
        entry["warn"] = _template(dice)
    kind = dice.random()
    if kind < 0.15:
        entry["skip"] = _template(dice)
    elif kind < 0.3:
        entry["reject"] = _template(dice)
    else:
        if dice.random() < 0.3:
            entry["name"] = _field(dice, 0)
        if dice.random() < 0.6 or not entry:
            entry["value"] = _field(dice, 1)
    dice.roots = before
    return entry


def _condition(dice: Dice) -> str:
    path = f"{dice.choice(dice.roots)}.{_name(dice)}"
    tests = (f"{path} == 'a'", f"{path} == `1`", path, f"!({path})", f"type({path}) == 'string'", expression(dice, 2))
    return dice.choice((*tests, f"{path} > `0`", f"{path} == 'a' && {path} == 'b' || {expression(dice, 1)}"))


def _template(dice: Dice) -> str:
    root = dice.choice(dice.roots)
    texts = (
        "fixed",
        f"{{{{ {root} }}}}",
        f"x {{{{ {root}.a }}}} y",
        f"{{{{ {root}.b | upper }}}}",
        f"{{{{ {root} | round }}}}",
    )
    return dice.choice((*texts, f"{{% if {root} %}}yes{{% else %}}no{{% endif %}}"))


def batch(dice: Dice) -> Any:
    """A batch that the routes of random rules find something in, most of the time."""
    if dice.random() < 0.1:
        return json_value(dice)

    def members() -> dict[str, Any]:
        return {name: json_value(dice, 2) for name in NAMES if dice.random() < 0.6}

    made: dict[str, Any] = {name: json_value(dice) for name in NAMES if dice.random() < 0.8}
    for name in "abcd":
        if dice.random() < 0.6:
            made[name] = [members() for _ in range(dice.randrange(4))] if dice.random() < 0.6 else members()
    return made
