"""The catalogue of problem codes: the severity, title and message of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["CATALOGUE", "FIXED", "Code", "Severity"]


Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Code:
    """A problem code: its default severity, its title in lists, and the template of its message."""

    severity: Severity
    title: str
    message: str


FIXED = frozenset({"M201", "M202", "M204", "M205", "M208", "M209", "M210", "M232"})
"""The codes of faults that no mapping can run with: their severity cannot be changed."""


def _error(title: str, message: str) -> Code:
    return Code("error", title, message)


def _warning(title: str, message: str) -> Code:
    return Code("warning", title, message)


CATALOGUE: Mapping[str, Code] = MappingProxyType(
    {
        # M0: reading a rule file as YAML
        "M001": _error("file cannot be read", "{path}: {reason}"),
        "M002": _error("file is not UTF-8", "the file is not UTF-8 text: {reason}"),
        "M003": _error("file is too large", "the file has {size} bytes; at most {limit} are read"),
        "M004": _error("YAML syntax", "{reason}"),
        "M005": _error("duplicate key", "the key {key!r} stands twice; it is first on line {line}"),
        "M006": _error("not a JSON value", "{text} is {what}, which JSON does not have"),
        "M007": _error("nested too deeply", "nested more than {limit} levels deep"),
        "M008": _error("too many nodes", "the file expands to more than {limit} values"),
        "M009": _error("not one document", "{reason}"),
        # M1: the structure of rule files
        "M101": _error("unknown key", "unknown key {key!r} in {where}"),
        "M102": _error("wrong type", "{what} must be {wanted}, not {found}"),
        "M103": _error("missing key", "{where} needs the key {key!r}"),
        "M104": _error("keys that exclude each other", "{where} takes exactly one of {keys}; {found}"),
        "M105": _error("value not allowed", "{what} must be one of {allowed}, not {found}"),
        "M106": _error("name given twice", "the {kind} {name!r} is defined twice; first at {first}"),
        "M107": _error("file not found", "{what} {path!r} {reason}"),
        "M108": _error("files include each other", "{path!r} is included already: {chain}"),
        "M109": _error("mapping not found", "no mapping {name!r} is known"),
        "M110": _error("extends goes in a circle", "{name!r} extends itself: {chain}"),
        "M111": _error("unknown rule", "no rule {name!r} to {what}"),
        "M112": _error("unknown name", "no {kind} {name!r} is defined"),
        "M113": _error("language version", "rule language {found} is not supported; this is language {supported}"),
        "M114": _error("form of a value", "{what} {found} is not {wanted}"),
        "M115": _error("unknown setting", "no setting {name!r} is declared"),
        "M116": _error("value of a setting", "the setting {name!r} must be {wanted}, not {found}"),
        "M117": _error("setting without a value", "the setting {name!r} has no default and was not given"),
        "M118": _error("schema", "the schema {path!r} {reason}"),
        "M119": _error("too many", "{what}: {count}; at most {limit} are allowed"),
        "M120": _error("name hides another", "the name {name!r} is taken already: {by}"),
        "M124": _error("schema that its draft refuses", "the schema {schema!r} breaks {draft} at {where}: {reason}"),
        "M126": _error("too many problems", "there are more than {limit} problems; what follows was not looked at"),
        "M127": _error("too large when written out", "{what} come to more than {limit} {of} when they are written out"),
        "M128": _error("pattern too long", "{reason}"),
        "M133": _error("part of nothing", "no mapping and no workspace includes this part: nothing in it counts"),
        "M134": _error("not a mapping", "this is {what}, not a mapping and not a workspace"),
        # M2: expressions and templates
        "M201": _error("expression syntax", "the expression cannot be read: {reason}"),
        "M202": _error("unknown function", "unknown function {name!r}"),
        "M203": _error("path that cannot exist", "{path!r} can never exist: {where} has no {name!r}"),
        "M204": _error("unknown root", "nothing is called {name!r} here"),
        "M205": _error("number of arguments", "{name}() takes {wanted}, not {found}"),
        "M206": _warning("unused let", "the let {name!r} is never used"),
        "M207": _warning("unused table", "the {kind} {name!r} is never used"),
        "M208": _error("template", "the template cannot be used: {reason}"),
        "M209": _error("current node at the top", "{text!r} at the top of an expression has nothing to stand for"),
        "M210": _error("expression too large", "the expression {reason}"),
        "M211": _error("argument of a function", "argument {number} of {name}() must be {wanted}, not {found}"),
        "M212": _error("negation of a part", "{text!r} negates {part!r} alone, and nothing follows from true or false"),
        "M213": _warning("allowance without effect", "nothing on this line gives {allowed}"),
        "M214": _error("allowance", "{text!r} allows nothing"),
        "M220": _error("values that are never equal", "{text!r} is never {wanted}: it is {found}"),
        "M221": _warning("comparison with a known outcome", "{text!r} is always {outcome}"),
        "M222": _error("values without an order", "{text!r} compares {found}, which have no order"),
        "M223": _error("nothing to go over", "{text!r} is {found}, never {wanted}"),
        "M224": _warning("part that never counts", "{text!r} never counts: {reason}"),
        "M225": _warning("alternative that never counts", "this alternative never counts: {reason}"),
        "M226": _warning("default that is never used", "the default is never used: the value is {value}, never null"),
        "M227": _error("value that can never be converted", "the value is {found}, which can never become {type}"),
        "M228": _warning(
            "text that the schema does not list",
            "{text!r} is compared with {value}, which the input schema does not list",
        ),
        "M229": _warning(
            "part of a schema that is not checked", "no text is held against parts of the schema {schema!r}: {found}"
        ),
        "M232": _error("value that can become too large", "{what} can become too large: it {reason}"),
        # M3: rules and routes
        "M301": _warning("condition that always holds", "the condition of this {what} always holds"),
        "M302": _error("condition that never holds", "the condition of this {what} never holds"),
        "M303": _error("rule that is never reached", "the rule {name!r} is never reached: {by} all that it could take"),
        "M304": _error(
            "entry rule that is never reached", "this entry rule is never reached: {by} all that it could take"
        ),
        # M4: outputs
        "M401": _error("member that the output does not have", "the {request} request has no member {name!r}"),
        "M402": _error("required member that no rule gives", "the {request} request needs {name!r}, which {reason}"),
        "M403": _error("value that the output never takes", "the {request} request refuses what stands here: {reason}"),
        # M5: at run time
        "M501": _error("not JSON", "the record is not JSON: {reason}"),
        "M502": _error("not an object", "a batch must be an object, not {found}"),
        "M503": _error("record that is refused", "the record is refused: {reason}"),
        "M504": _warning("expression failed", "the expression failed: {reason}"),
        "M505": _warning("value cannot be converted", "{value} cannot become {type}: {reason}"),
        "M506": _error("required value is absent", "the required field {name!r} has no value"),
        "M507": _warning("value not in the table", "{value} is not in the table"),
        "M508": _error("cannot be iterated", "{what} must be {wanted}, not {found}"),
        "M509": _error("invalid request", "the {request} request is invalid: {reason}"),
        "M510": _error(
            "body too large", "the {request} request has a body of {size} bytes; at most {limit} are allowed"
        ),
        "M511": _error("rejected by a rule", "{reason}"),
        "M512": _warning("warned by a rule", "{reason}"),
        "M513": _warning("over a limit of the receiver", "the {request} request passes a limit: {reason}"),
        "M514": _warning("template failed", "the template failed: {reason}"),
        "M515": _error("name of a field", "{value} cannot be the name of a field"),
        "M516": _error(
            "more violations than are named",
            "the {request} request is invalid in {count} more ways, which are not named",
        ),
        "M517": _warning(
            "more limits than are named",
            "the {request} request passes limits in {count} more ways, which are not named",
        ),
        "M518": _warning(
            "number that would be rounded", "a number of the {request} request would be rounded: {reason}"
        ),
        "M520": _error(
            "requests too large together",
            "the bodies of the requests of this batch have more than {limit} bytes together; none is sent",
        ),
        "M523": _error("not a reject", "the line is not a reject that can be replayed: {reason}"),
        "M524": _error("reject that is gone", "nothing of the rules reaches what failed before: {what}"),
        # M6: the tests of mappings
        "M601": _error("expectation failed", "the test {test!r} expects {expected} at {pointer}, not {actual}"),
        "M602": _error("no tests", "the file holds no tests"),
        "M603": _error("input file", "the input file {path!r} {reason}"),
        "M604": _error("expectation that cannot fail", "the test {test!r} can never fail: {reason}"),
    }
)
