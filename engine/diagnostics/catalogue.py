"""The catalogue of problem codes: the severity, title and message of each.

Codes of checks are declared by the modules of `engine.checks`, with their pages; all others below.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

__all__ = ["CATALOGUE", "Code", "Severity", "declare", "is_settable"]


Severity = Literal["error", "warning"]


class Code(NamedTuple):
    """A problem code: its default severity, its title in lists, and the template of its message.

    `fixed`: no mapping can run with it, so its severity cannot be changed. `cause`: it may be the cause of other
    problems of the same expression, and those whose code has `follows` are then left out. `leftover`: it reports unused
    parts, which a workspace may leave behind in the mapping that it extends. `page`: the Markdown of its page below the
    heading, unless the page is written by hand.
    """

    severity: Severity
    title: str
    message: str
    fixed: bool = False
    cause: bool = False
    follows: bool = False
    leftover: bool = False
    page: str | None = None


_CODES: dict[str, Code] = {
    # M0: reading a rule file as YAML
    "M001": Code("error", "file cannot be read", "the file cannot be read: {reason}"),
    "M002": Code("error", "file is not UTF-8", "the file is not UTF-8 text: {reason}"),
    "M003": Code("error", "file is too large", "the file has {size} bytes; at most {limit} are read"),
    "M004": Code("error", "YAML syntax", "{reason}"),
    "M005": Code("error", "duplicate key", "duplicate key {key!r}; first on line {line}"),
    "M006": Code("error", "not a JSON value", "{text} is {what}, {why}"),
    "M007": Code("error", "nested too deeply", "nested more than {limit} levels deep"),
    "M008": Code("error", "too many nodes", "the file expands to more than {limit} values"),
    "M009": Code("error", "not one document", "{reason}"),
    # M1: the structure of rule files
    "M101": Code("error", "unknown key", "unknown key {key!r} in {where}"),
    "M102": Code("error", "wrong type", "{what} must be {wanted}, not {found}"),
    "M103": Code("error", "missing key", "{where} needs the key {key!r}"),
    "M104": Code("error", "keys that cannot be combined", "{where} takes exactly one of {keys}; {found}"),
    "M105": Code("error", "value not allowed", "{what} must be one of {allowed}, not {found}"),
    "M106": Code("error", "name given twice", "the {kind} {name!r} is defined twice; first at {first}"),
    "M107": Code("error", "file not found", "{what} {path!r} {reason}"),
    "M108": Code("error", "files include each other", "{path!r} is included already: {chain}"),
    "M109": Code("error", "mapping not found", "no mapping {name!r} is known"),
    "M110": Code("error", "circular extends", "{name!r} extends itself: {chain}"),
    "M111": Code("error", "unknown rule", "no rule {name!r} to {what}"),
    "M112": Code("error", "unknown name", "no {kind} {name!r} is defined"),
    "M113": Code("error", "language version", "rule language {found} is not supported; this is language {supported}"),
    "M114": Code("error", "form of a value", "{what} {found} is not {wanted}"),
    "M115": Code("error", "unknown setting", "no setting {name!r} is declared"),
    "M116": Code("error", "value of a setting", "the setting {name!r} must be {wanted}, not {found}"),
    "M117": Code("error", "setting without a value", "the setting {name!r} has no default and was not given"),
    "M118": Code("error", "schema", "the schema {path!r} {reason}"),
    "M119": Code("error", "too many", "{what}: {count}; at most {limit} are allowed"),
    "M126": Code("error", "too many problems", "there are more than {limit} problems; the rest was not checked"),
    "M127": Code("error", "too large when written out", "{what} expand to more than {limit} {of}"),
    "M128": Code("error", "pattern too long", "{reason}"),
    "M133": Code(
        "error", "part that nothing includes", "no mapping or workspace includes this part, so it has no effect"
    ),
    "M134": Code("error", "not a mapping", "this is {what}, not a mapping or workspace"),
    "M148": Code(
        "error", "secret that would be seen", "{what} would be seen: a secret may only be the key of hmac_sha256()"
    ),
    "M147": Code("error", "null that cannot be kept", "{where} cannot keep null: {reason}"),
    "M146": Code("error", "time that cannot be read or written", "{what} cannot be used for a time: {reason}"),
    "M156": Code("error", "TOML syntax", "the file is not TOML: {reason}"),
    "M157": Code("error", "secret in a project file", "{what} must be a place that has it, written as {wanted}"),
    "M170": Code("error", "mapping that cannot convert", "{name!r} cannot convert the input: {reason}"),
    # M2: expressions and templates
    "M201": Code("error", "expression syntax", "the expression cannot be read: {reason}", fixed=True),
    "M202": Code("error", "unknown function", "unknown function {name!r}", fixed=True),
    "M205": Code("error", "number of arguments", "{name}() takes {wanted}, not {found}", fixed=True),
    "M208": Code("error", "template", "the template cannot be used: {reason}", fixed=True),
    "M209": Code(
        "error",
        "current node at the top",
        "{text!r} has no meaning at the top of an expression",
        fixed=True,
    ),
    "M210": Code("error", "expression too large", "the expression {reason}", fixed=True),
    "M211": Code(
        "error", "argument of a function", "argument {number} of {name}() must be {wanted}, not {found}", cause=True
    ),
    "M232": Code("error", "value that can become too large", "{what} can become too large: it {reason}", fixed=True),
    "M247": Code("error", "unknown category of personal data", "there is no category {name!r} of personal data"),
    "M248": Code(
        "error",
        "form of a place in requests",
        "the place {written} is not of the form `OUTPUT`, `OUTPUT /pointer` or `OUTPUT query /name`",
    ),
    "M245": Code("error", "no canonical layout", "the layout of this file cannot be changed: {reason}"),
    "M271": Code("error", "argument that cannot be used", "the {what} of {name}() cannot be used: {reason}"),
    # M3: rules and routes
    # M4: outputs
    # M5: at run time
    "M501": Code("error", "not JSON", "the record is not JSON: {reason}"),
    "M502": Code("error", "not an object", "a batch must be an object, not {found}"),
    "M503": Code("error", "record that is refused", "the record is refused: {reason}"),
    "M504": Code("warning", "expression failed", "the expression failed: {reason}"),
    "M505": Code("warning", "value cannot be converted", "{value} cannot become {type}: {reason}"),
    "M506": Code("error", "required value is absent", "the required field {name!r} has no value"),
    "M507": Code("warning", "value not in the table", "{value} is not in the table"),
    "M508": Code("error", "cannot be iterated", "{what} must be {wanted}, not {found}"),
    "M509": Code("error", "invalid request", "the {request} request is invalid: {reason}"),
    "M510": Code(
        "error", "body too large", "the {request} request has a body of {size} bytes; at most {limit} are allowed"
    ),
    "M511": Code("error", "rejected by a rule", "{reason}"),
    "M512": Code("warning", "warned by a rule", "{reason}"),
    "M513": Code("warning", "over a limit of the receiver", "the {request} request exceeds a limit: {reason}"),
    "M514": Code("warning", "template failed", "the template failed: {reason}"),
    "M515": Code("error", "name of a field", "{value} cannot be the name of a field"),
    "M516": Code(
        "error",
        "more violations than are named",
        "the {request} request has more violations than the 20 that are listed: {count} more",
    ),
    "M517": Code(
        "warning",
        "more limits than are named",
        "the {request} request exceeds more limits than the 20 that are listed: {count} more",
    ),
    "M518": Code(
        "warning", "number that would be rounded", "a number of the {request} request would be rounded: {reason}"
    ),
    "M520": Code(
        "error",
        "requests too large together",
        "the bodies of the requests of this batch have more than {limit} bytes together; none is sent",
    ),
    "M523": Code("error", "not a reject", "the line is not a reject that can be replayed: {reason}"),
    "M524": Code("error", "reject that is gone", "the rules no longer reach what failed before: {what}"),
    "M525": Code(
        "error",
        "too much is copied",
        "iterations copy more than {limit} values from outside of them; nothing of this batch is sent",
    ),
    "M526": Code(
        "error",
        "too much is looked through",
        "iterations look through more than {limit} elements from outside of them; nothing of this batch is sent",
    ),
    "M527": Code("warning", "too much to account for", "the values of this batch are not accounted for: {reason}"),
    "M530": Code(
        "error",
        "list too long",
        "the {request} request has a list of {count} elements; at most {limit} are allowed",
    ),
    "M553": Code("warning", "input that breaks its schema", "the input does not conform to its schema: {reason}"),
    # M6: the tests of mappings
    "M601": Code("error", "expectation failed", "the test {test!r} expects {expected} at {pointer}, not {actual}"),
    "M602": Code("error", "no tests", "the file has no tests"),
    "M603": Code("error", "input file", "the input file {path!r} {reason}"),
    "M604": Code("error", "expectation that cannot fail", "the test {test!r} can never fail: {reason}"),
    "M605": Code("error", "explained mutant that does not exist", "the mutant {name!r} is explained, but {reason}"),
    "M606": Code("error", "explained mutant that is found", "the mutant {name!r} needs no explanation: {reason}"),
    "M607": Code("error", "explained branch that is reached", "the branch {name!r} needs no explanation: {reason}"),
    # M7: files of other tools
    "M701": Code("error", "not converted", "{what} is not converted: {reason}"),
    "M702": Code("warning", "converted with another meaning", "{what} means something else here: {reason}"),
    "M703": Code("error", "not a file of the tool", "this is no file of {tool}: {reason}"),
}

CATALOGUE: Mapping[str, Code] = MappingProxyType(_CODES)
"""All codes that are declared; those of checks are added when `engine.checks` is imported."""


def declare(
    code: str,
    severity: Severity,
    title: str,
    message: str,
    *,
    fixed: bool = False,
    cause: bool = False,
    follows: bool = False,
    leftover: bool = False,
    page: str | None = None,
) -> None:
    """Adds a code to the catalogue; see `Code`."""
    if code in _CODES:
        raise ValueError(f"{code} is declared twice")
    _CODES[code] = Code(severity, title, message, fixed, cause, follows, leftover, page)


def is_settable(code: str) -> bool:
    """Returns whether a mapping can set the severity of the code under `checks:`."""
    declared = _CODES.get(code)
    if declared is None or declared.fixed:
        return False
    return code[1] in "234" or (declared.page is not None and declared.severity == "warning")
