import keyword
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine import templates
from moemap.engine.templates.compiler import MAX_TEMPLATE_CHARS
from moemap.engine.templates.names import TAKEN
from moemap.engine.templates.template import MAX_TEMPLATE_RESULT, TemplateError, TemplateFailure

CONTEXT: dict[str, Any] = {
    "user": {
        "name": "Zoë",
        "age": 7.0,
        "vip": True,
        "nick": None,
        "empty": "",
        "tags": ["a", None, 2.50],
        "items": "a key",
        "address": {"city": "Ulm", "zip": 89073},
    },
    "word": "hello world",
}

RENDERED = [
    ("plain", "plain"),
    ("", ""),
    ("one line end is dropped\n", "one line end is dropped"),
    ("{# a comment #}{{ user.name }}!", "Zoë!"),
    ("{% raw %}{{ user }}{% endraw %}", "{{ user }}"),
    ("{{ user.age }} {{ user.vip }} {{ 1.50 }} {{ true }} {{ 'a' 'b' }}", "7 true 1.5 true ab"),
    ("{{ user.tags }} {{ user.address }}", '["a",null,2.5] {"city":"Ulm","zip":89073}'),
    ("{{ user.items }} {{ user['items'] }}", "a key a key"),
    ("{{ user.tags[0] }}{{ user.tags.2 }}{{ user['ta' ~ 'gs'][0] }}", "a2.5a"),
    ("{{ user.name ~ ', ' ~ user.age ~ user.vip }}", "Zoë, 7true"),
    ("{% if user.vip and user.age >= 7 %}yes{% else %}no{% endif %}", "yes"),
    ("{% if user.empty %}1{% elif user.age == 7 %}2{% else %}3{% endif %}", "2"),
    ("{% if not user.nick or false %}x{% endif %}", "x"),
    ("{% if 'a' in user.tags and 'b' not in user.tags and word in ['hello world'] %}x{% endif %}", "x"),
    (
        "{% if word is defined and user.nick is none and user.x is not defined and word is not none %}x{% endif %}",
        "x",
    ),
    ("{%- if word -%}  x  {%- endif -%}  ", "x"),
    (
        "{{ user.nick | default('none') }} {{ user.x.y | default(user.name) }} {{ user.empty | default('-') }}",
        "none Zoë ",
    ),
    (
        "{{ word | upper }} {{ word | title }} {{ word | capitalize }} {{ 'A' | lower }}",
        "HELLO WORLD Hello World Hello world a",
    ),
    ("[{{ ' a ' | trim }}] {{ user.tags | join(', ') }} {{ user.tags | join }}", "[a] a, 2.5 a2.5"),
    (
        "{{ word | replace('l', 'L') }} {{ word | length }} {{ user.tags | length }} {{ user | length }}",
        "heLLo worLd 11 3 8",
    ),
    ("{{ word | first }}{{ word | last }}{{ user.tags | last }}", "hd2.5"),
    ("{{ 2.5 | int }} {{ '7.9' | int }} {{ 2.567 | round(2) }} {{ 2.5 | round }} {{ 7 | round }}", "2 7 2.57 2 7"),
    ("{{ user.tags | string | length }} {{ user.age | string ~ '' }}", "14 7"),
]

NULL = [
    ("a {{ user.nick }}", "a null"),
    ("{{ user.x }} {{ user.x.y.z }} {{ user.name.x }} {{ user.tags[9] }}", "null null null null"),
    ("{{ user.nick | upper | trim }}{{ user.nick | length }}", "nullnull"),
    (
        "{{ [] | first }}{{ user.nick | join }}{{ user.nick | round }}{{ user.nick | int }}{{ user.nick | string }}",
        "null" * 5,
    ),
    ("{{ user.nick | replace('a', 'b') }}{{ user.nick | last }}", "nullnull"),
    ("{{ user.name ~ user.nick }}", "Zoënull"),
    ("{{ none }}", "null"),
    ("{{ unknown }}", "null"),
    ("{{ user.__class__ }}{{ word.format }}{{ word['__len__'] }}{{ user.keys }}{{ user.tags.append }}", "null" * 5),
]

FAILURES = [
    ("{% if user.nick > 3 %}{% endif %}", "it compares values of kinds that cannot be compared"),
    ("{% if user.name < 3 %}{% endif %}", "it compares values of kinds that cannot be compared"),
    ("{% if unknown > 3 %}{% endif %}", "it compares values of kinds that cannot be compared"),
    ("{% if 1 in word %}{% endif %}", "it compares values of kinds that cannot be compared"),
    ("{{ user.tags | upper }}", "upper takes a string, not a list"),
    ("{{ word | join }}", "join takes a list, not a string"),
    ("{{ [[]] | join }}", "join takes a string, not a list"),
    ("{{ user.age | length }}", "length takes a string, a list or an object, not a double"),
    ("{{ user | first }}", "first takes a string or a list, not an object"),
    ("{{ word | int }}", 'int cannot read "hello world" as a number'),
    ("{{ '1e400' | round }}", 'round cannot read "1e400" as a number'),
    ("{{ user.vip | round }}", "round takes a number, not a boolean"),
    ("{{ 1.5 | round(user.vip) }}", "round takes a number of digits from 0 to 15"),
    ("{{ word | replace('', 'x') }}", "replace needs a string to search for"),
    ("{{ word | replace('l', user.nick) }}", "replace takes a string, not null"),
]


@pytest.mark.parametrize(("text", "expected"), RENDERED)
def test_rendered(text: str, expected: str) -> None:
    template = templates.compile(text)
    assert template.render(CONTEXT) == expected
    assert template.render_text(CONTEXT) == expected


@pytest.mark.parametrize(("text", "expected"), NULL)
def test_null(text: str, expected: str) -> None:
    template = templates.compile(text)
    assert template.render(CONTEXT) is None
    assert template.render_text(CONTEXT) == expected


@pytest.mark.parametrize(("text", "reason"), FAILURES)
def test_failures(text: str, reason: str) -> None:
    template = templates.compile(text)
    for render in (template.render, template.render_text):
        with pytest.raises(TemplateFailure) as caught:
            render(CONTEXT)
        assert caught.value.reason == str(caught.value) == reason


# The place of the error is between the signs.
ERRORS = [
    ("a\n ⟨{{ user⟩\n", "unexpected end of template, expected '}}'"),
    ("{{ a }} b ⟨{{ a.b⟩ ", "unexpected end of template, expected '}}'"),
    ("a ⟨{{⟩", "unexpected 'end of template'"),
    ("x {{ a }}\n{% if b %}{% endif %}⟨{% if a⟩", "unexpected end of template, expected '%}'"),
    ("{{ a }} {{ a ⟨b⟩ }} {{ a b }}", "expected token '}}', got 'b'"),
    ("{# b #}{% raw %}{{ b b }}{% endraw %}\r\n{{ a ⟨b⟩ }}", "expected token '}}', got 'b'"),
    ("x {{ ⟨}}⟩", "expected an expression, got '}}'"),
    ("{{ a }} {{ b == ⟨}}⟩", "unexpected '}}'"),
    ("{{ a }}\n{{ a | ⟨}}⟩", "expected token 'name', got '}}'"),
    ("{{ a.⟨'b'⟩ }}", "expected name or number"),
    ("{{ a }} {% ⟨%}⟩", "tag name expected"),
    ("{{ a }}{{ a[ ⟨}⟩} }}", "unexpected '}', expected ']'"),
    ("{{ a }}{{ a⟨)⟩ }}", "unexpected ')'"),
    ("a {{ b }} {{ c ⟨}⟩ d", "unexpected '}'"),
    ("{{ a |⟨|⟩ b }}", "expected token 'name', got '|'"),
    ("b {% if a ⟨=⟩ b %}{% endif %}", "expected token '%}', got '='"),
    ("a ⟨{% if a %}⟩ b", "{% if %} is not closed"),
    ("{% if a %}{% if b %}{% endif %}{% endif %}⟨{%- if c -%}⟩ x {% if d %}{% endif %}\ny", "{% if %} is not closed"),
    ("a {% ⟨foo⟩ %}", "there is no tag 'foo'"),
    ("{% if a %}x{% ⟨elseif⟩ b %}y{% endif %}", "there is no tag 'elseif'; did you mean 'elif'?"),
    ("{% if a %}x{% else ⟨if⟩ b %}y{% endif %}", "unexpected 'if'; did you mean 'elif'?"),
    ("a {% ⟨for⟩ b in c %}{{ b }}", "{% for %} cannot be used in a template"),
    ("a {{ b }} {% ⟨endif⟩ %}", "unexpected 'endif'"),
    ("{% if a %}{% else %}{% ⟨elif⟩ b %}{% endif %}", "unexpected 'elif'"),
    ("x {{ ⟨'⟩abc }}", "a string is not closed"),
    ("x {{ a ⟨?⟩ b }}", "unexpected '?'"),
    ("x {{ a⟨\u200b⟩ }}", "the zero width space U+200B is not a space: write a space instead"),
    ("x {{ ⟨\u201c⟩a\u201d }}", "strings are in straight quotes, ' or \""),
    ("a\r\nb\r\n{{ ⟨?⟩ }}", "unexpected '?'"),
    ("{{ a }} ⟨{# x⟩", "missing end of comment tag"),
    ("{{ a }} ⟨{#⟩", "missing end of comment tag"),
    ("{# a #}⟨{#-⟩\n", "missing end of comment tag"),
    ("{{ a }}{% ⟨endraw⟩ %}", "unexpected 'endraw'"),
    ("{{ a }}⟨{% raw %}⟩", "missing end of raw directive"),
    ("{% ⟨for⟩ x in y %}{{ x }}{% endfor %}", "a loop cannot be used in a template"),
    ("{{ a }}\n{% if a -%}   {{ b⟨(⟩1) }}{% endif %}", "a call cannot be used in a template"),
    ("{{ a.b⟨(⟩) }}", "a call cannot be used in a template"),
    ("{{ a ⟨+⟩ 1 }}", "arithmetic cannot be used in a template"),
    ("{{ ⟨-⟩a }}", "arithmetic cannot be used in a template"),
    ("{{ 9 ⟨**⟩ 9 }}", "arithmetic cannot be used in a template"),
    ("{{ a ⟨if⟩ b else c }}", "an if inside of {{ }} cannot be used in a template"),
    ("{{ a | default('x') }} {{ b⟨(⟩) }}", "a call cannot be used in a template"),
    ("{{ a | replace('x', 'y')⟨,⟩ b }}", "a tuple cannot be used in a template"),
    ("{{ a[b ⟨-⟩ 1] }}", "arithmetic cannot be used in a template"),
    ("{{ a[1] }} {{ a⟨[⟩] }}", "an index or the name of a member belongs between [ and ]"),
    ("{{ a[b(1, 2)⟨,⟩ 2] }}", "a tuple cannot be used in a template"),
    ("{% if a %}{% elif b[1]⟨(⟩1) %}{% endif %}", "a call cannot be used in a template"),
    ("{{ (⟨)⟩ }}", "a tuple cannot be used in a template"),
    ("{{ a[1⟨:⟩2] }}", "a slice cannot be used in a template"),
    ("{{ ⟨{⟩'a': 1} }}", "an object cannot be used in a template"),
    ("{{ a⟨,⟩ b }}", "a tuple cannot be used in a template"),
    ("{% ⟨set⟩ x = 1 %}", "setting a name cannot be used in a template"),
    ("{% ⟨set⟩ x %}{% endset %}", "setting a name cannot be used in a template"),
    ("{% ⟨macro⟩ m() %}{% endmacro %}", "a macro cannot be used in a template"),
    ("{% ⟨call⟩ m() %}{% endcall %}", "a call block cannot be used in a template"),
    ("{% ⟨filter⟩ upper %}{% endfilter %}", "a filter block cannot be used in a template"),
    ("{% ⟨with⟩ a = 1 %}{% endwith %}", "a with block cannot be used in a template"),
    ("{% ⟨block⟩ b %}{% endblock %}", "a block cannot be used in a template"),
    ("{% ⟨extends⟩ 'a' %}", "extending cannot be used in a template"),
    ("{% ⟨include⟩ 'a' %}", "including cannot be used in a template"),
    ("{% ⟨import⟩ 'a' as b %}", "importing cannot be used in a template"),
    ("{% ⟨from⟩ 'a' import b %}", "importing cannot be used in a template"),
    ("{% ⟨autoescape⟩ true %}{% endautoescape %}", "autoescape cannot be used in a template"),
    ("{{ a | ⟨uper⟩ }}", "there is no filter 'uper'; did you mean 'upper'?"),
    ("{{ a | ⟨xmlattr⟩ }}", "there is no filter 'xmlattr'"),
    ("{{ a | ⟨default⟩ }}", "the filter 'default' takes 1 argument"),
    ("{{ a | ⟨default⟩(value=1) }}", "the filter 'default' takes 1 argument"),
    ("{{ a | ⟨replace⟩('a') }}", "the filter 'replace' takes 2 arguments"),
    ("{{ a | ⟨join⟩(1, 2) }}", "the filter 'join' takes 0 or 1 argument"),
    ("{{ a | ⟨round⟩(400) }}", "round takes a number of digits from 0 to 15"),
    ("{{ a | ⟨round⟩(-1) }}", "round takes a number of digits from 0 to 15"),
    ("{{ a | ⟨round⟩('2') }}", "round takes a number of digits from 0 to 15"),
    ("{{ a | ⟨lower⟩(1) }}", "the filter 'lower' takes no argument"),
    ("{% if a is ⟨even⟩ %}{% endif %}", "there is no test 'even'; there are: is defined, is none"),
    ("{{ ⟨self⟩ }}", "the name 'self' is reserved by Jinja"),
    ("{{ ⟨1e999⟩ }}", "JSON has no such number"),
    ("{% if a > ⟨1_000⟩ %}{% endif %}", "JSON has no such number"),
    ("{{ a[⟨0x1F⟩] }}", "JSON has no such number"),
    (f"{{{{ ⟨{'9' * 5000}⟩ }}}}", "JSON has no such number"),
    ("{{ ⟨18446744073709551616⟩ }}", "the constant cannot be used: an integer needs more than 64 bits"),
    (
        "{% if a == 1 %}b{% elif a < ⟨18446744073709551616⟩ %}c{% endif %}",
        "the constant cannot be used: an integer needs more than 64 bits",
    ),
    ("{{ ⟨'\\ud800'⟩ }}", "the constant cannot be used: a string has half of a surrogate pair"),
    ("⟨\ud800⟩", "it has half of a surrogate pair"),
]


@pytest.mark.parametrize(("marked", "reason"), ERRORS)
def test_errors(marked: str, reason: str) -> None:
    start, end = marked.index("⟨"), marked.index("⟩") - 1
    with pytest.raises(TemplateError) as caught:
        templates.compile(marked.replace("⟨", "").replace("⟩", ""))
    assert (caught.value.reason, caught.value.start, caught.value.end) == (reason, start, end)


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 3_000 + "a" + ")" * 3_000 + " }}",
        "{{ " + "not " * 2_000 + "a }}",
        "{{ a" + " | lower" * 60 + " }}",
        "{{ a" + " and a" * 60 + " }}",
        "{% if a %}" * 60 + "{% endif %}" * 60,
    ],
)
def test_deep_templates_are_refused(text: str) -> None:
    with pytest.raises(TemplateError, match=r"^it is nested more than 50 levels deep$"):
        templates.compile(text)


def test_the_greatest_depth_can_be_rendered() -> None:
    text = "{% if a %}" * 48 + "x" + "{% endif %}" * 48
    assert templates.compile(text).render({"a": 1}) == "x"


def test_long_templates_are_refused() -> None:
    with pytest.raises(TemplateError, match=r"^it has 10001 characters; at most 10000 are allowed$"):
        templates.compile("a" * (MAX_TEMPLATE_CHARS + 1))


@pytest.mark.parametrize(
    "text",
    [
        "{{ a }}{{ a }}",
        "{{ a ~ a }}",
        "{{ b | replace('b', a) }}",
        "{{ c | join(a) }}",
        "{{ d }}",
        "{% if (b | replace('b', a)) %}{% endif %}",
    ],
)
def test_results_are_bounded(text: str) -> None:
    context = {
        "a": "x" * (MAX_TEMPLATE_RESULT // 2 + 1),
        "b": "bb",
        "c": ["", "", ""],
        "d": ["x" * MAX_TEMPLATE_RESULT],
    }
    with pytest.raises(TemplateFailure, match=r"^the string has more than 100000 characters$"):
        templates.compile(text).render(context)


ROOTS = [
    ("", []),
    ("{{ batch.a }} {{ user['x'] }}", ["batch", "user"]),
    ("{{ a.b.a ~ a }}", ["a", "a"]),
    ("{{ a | default(b) | upper }}", ["a", "b"]),
    (
        "{% if a is defined and b is not none %}{{ c }}{% elif d in [e] %}{{ f }}{% else %}{{ g }}{% endif %}",
        list("abcdefg"),
    ),
    ("{{ a[b.c[d]] }}", ["a", "b", "d"]),
    (
        "a a {# a #}{% raw %}{{ a }}{% endraw %}\r\n  {%- if  lower | lower == 'x' -%}  {{ upper }}{% endif %}",
        ["lower", "upper"],
    ),
    ("{{ defined is defined }} {{ a . default }}", ["defined", "a"]),
]


@pytest.mark.parametrize(("text", "names"), ROOTS)
def test_roots(text: str, names: list[str]) -> None:
    roots = templates.compile(text).roots
    assert [root.name for root in roots] == names
    assert [text[root.start : root.end] for root in roots] == names
    assert [root.start for root in roots] == sorted({root.start for root in roots})


@pytest.mark.fuzz
@given(st.text(alphabet="{}%#ab.|~'\"()[] =<>-1\n\r", max_size=30) | st.text(max_size=20))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    error = _error(text)
    if error is not None:
        assert 0 <= error.start <= error.end <= len(text)
        assert error.reason


def _error(text: str) -> TemplateError | None:
    try:
        templates.compile(text)
    except TemplateError as error:
        return error
    return None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=6,
)
FILTERS = [
    "lower",
    "upper",
    "trim",
    "title",
    "capitalize",
    "default(b)",
    "join",
    "join(b)",
    "replace(b, c)",
    "length",
    "first",
    "last",
    "string",
    "int",
    "round",
    "round(b)",
]
EVERYTHING = [templates.compile(f"{{{{ a | {filter_} }}}}") for filter_ in FILTERS]
EVERYTHING += [
    templates.compile(f"{{% if a {operator} b %}}{{{{ a.b ~ a[c] ~ b[0] }}}}{{% endif %}}")
    for operator in ["==", "!=", "<", ">=", "in", "not in", "and", "or"]
]


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.fixed_dictionaries({"a": json_values, "b": json_values, "c": json_values}))
def test_any_data_gives_a_text_or_a_failure(context: dict[str, Any]) -> None:
    for template in EVERYTHING:
        try:
            text, word = template.render(context), template.render_text(context)
        except TemplateFailure:
            continue
        assert text is None or text == word


def test_a_template_is_a_value() -> None:
    assert templates.compile("{{ a }}") == templates.compile("{{ a }}") != templates.compile("{{ b }}")
    assert len({templates.compile("{{ a }}"), templates.compile("{{ a }}")}) == 1


def test_threads_share_templates() -> None:
    template = templates.compile("{{ a | upper ~ b }}{% if b > 10 %}!{% endif %}")
    contexts = [{"a": "x", "b": number} for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(template.render, contexts))
    assert results == [f"X{number}{'!' if number > 10 else ''}" for number in range(200)]


def test_jinja_is_imported_only_for_templates() -> None:
    code = (
        "import sys; from moemap.engine import templates; assert 'jinja2' not in sys.modules; "
        "print(templates.compile('{{ 1 }}').render({}))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == ("1\n", "")


WORDS = {
    *filter(str.islower, keyword.kwlist), *keyword.softkwlist[1:], *TAKEN, "null", "elif", "endif", "set", "block",
    "loop", "undefined", "context", "caller", "varargs", "range", "dict", "recursive", "scoped", "ignore", "missing",
    "without", "raw", "do", "trans", "filter", "call", "macro", "autoescape", "environment", "resolve", "extends",
}  # fmt: skip
"""Names that have a meaning somewhere in Jinja2, in Python, or in the code that Jinja2 generates."""


@pytest.mark.parametrize("name", sorted(WORDS))
def test_names_that_templates_can_read(name: str) -> None:
    values = {name: {"a": "x"}, "other": "x"}
    text = f"{{{{ {name}.a }}}}{{% if not {name} or {name}.a == other %}}y{{% endif %}}{{{{ other ~ {name}.a }}}}"
    try:
        is_read = templates.compile(text).render(values) == "xyxx"
    except TemplateError:
        is_read = False
    assert is_read == (name not in TAKEN)
