"""Types as short text: `string|null`, `[number]`, `{id: string, tags?: [string]}`, `'a'|'b'`, `int(0..9)`."""

from __future__ import annotations

from math import inf, nextafter

from moemap.engine.types.types import ArrayType, NumberType, ObjectType, StringType, Type


def written(type_: Type) -> str:
    if type_.any:
        return "any"
    parts = [_number(type_.number)] if type_.number is not None else []
    parts += _string(type_.string) if type_.string is not None else []
    parts += ["boolean"] if len(type_.booleans) == 2 else [str(one).lower() for one in type_.booleans]
    parts += [_array(type_.array)] if type_.array is not None else []
    parts += [_object(one) for one in type_.objects]
    parts += ["null"] if type_.null else []
    return "|".join(parts) or "never"


def _number(number: NumberType) -> str:
    if number.values is not None:
        return "|".join(str(value) for value in sorted(number.values))
    bounds = (
        ""
        if number.minimum is None and number.maximum is None
        else f"({_bound(number.minimum)}..{_bound(number.maximum)})"
    )
    return f"{'int' if number.integral else 'number'}{bounds}"


def _bound(bound: float | None) -> str:
    if bound is None:
        return ""
    whole = round(bound)
    return (
        str(bound)
        if bound == whole
        else next(
            (f"{sign}{whole}" for sign, end in (("<", -inf), (">", inf)) if bound == nextafter(whole, end)), str(bound)
        )
    )


def _string(text: StringType) -> list[str]:
    if text.values is not None:
        return [f"'{value}'" for value in sorted(text.values)]
    facts = [f"not {value!r}" for value in sorted(text.excluded)]
    facts += [f">={text.least}"] if text.least else []
    facts += [f"<={text.most}"] if text.most is not None else []
    facts += [f"/{pattern}/" for pattern in sorted(text.patterns)]
    facts += [f"!/{pattern}/" for pattern in sorted(text.avoids)]
    return [f"string({', '.join(facts)})" if facts else "string"]


def _array(array: ArrayType) -> str:
    if array.exact:
        return f"[{', '.join(map(written, array.first))}]"
    length = f"{array.least or ''}..{'' if array.most is None else array.most}"
    return f"[{written(array.element())}]{'' if length == '..' else length}"


def _object(one: ObjectType) -> str:
    members = [f"{name}{'' if prop.required else '?'}: {written(prop.type)}" for name, prop in one.properties.items()]
    members += [f"*: {written(other.type)}" for other in one.others if not one.complete]
    return f"{{{', '.join(members)}{', ~' if one.complete else ''}}}"
