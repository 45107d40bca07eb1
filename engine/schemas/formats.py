"""Validators of the formats of JSON Schema, for drafts where `format` is a condition.

A format that is not one of these is no condition, `regex` among them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

__all__ = ["FORMATS_OF_TEXT"]

_FULL_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZONE = r"(?:[Zz]|(?P<sign>[+-])(?P<zh>[01][0-9]|2[0-3]):(?P<zm>[0-5][0-9]))"
_FULL_TIME = rf"(?P<h>[0-9]{{2}}):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9]|60)(?:\.[0-9]+)?{_ZONE}"
_DATE_FORM = re.compile(_FULL_DATE)
_TIME_FORM = re.compile(_FULL_TIME)
_DATE_TIME_FORM = re.compile(f"({_FULL_DATE})[Tt]({_FULL_TIME})")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME_FORM = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_IDN_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_IDN_HOSTNAME_FORM = re.compile(rf"{_IDN_LABEL}(?:[.\u3002]{_IDN_LABEL})*")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_FORM = re.compile(rf'{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\\r\n]|\\[^\r\n])*"')
_IDN_LOCAL_FORM = re.compile(r'[^\s@"(),:;<>\[\\\].]+(?:\.[^\s@"(),:;<>\[\\\].]+)*|"(?:[^"\\\r\n]|\\[^\r\n])*"')
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4_FORM = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_POINTER_FORM = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_RELATIVE_POINTER_FORM = re.compile(r"(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~[01])*)*)")
_TEMPLATE_FORM = re.compile(
    rf"(?:[^\x00-\x20\"'<>%\\^`{{|}}\x7f]|{_ESCAPED}"
    rf"|\{{[+#./;?&=,!@|]?(?:[\w.]|{_ESCAPED})+(?:\*|:[1-9][0-9]{{0,3}})?"
    rf"(?:,(?:[\w.]|{_ESCAPED})+(?:\*|:[1-9][0-9]{{0,3}})?)*\}})*"
)


def _is_date(text: str) -> bool:
    if _DATE_FORM.fullmatch(text) is None:
        return False
    try:
        date(int(text[:4]), int(text[5:7]), int(text[8:]))
    except ValueError:
        return text[:4] == "0000" and _is_date(f"2000{text[4:]}")
    return True


def _is_time(text: str) -> bool:
    found = _TIME_FORM.fullmatch(text)
    if found is None or int(found["h"]) > 23:
        return False
    if found["s"] != "60":
        return True
    sign, hours, minutes = found["sign"] or "+", int(found["zh"] or 0), int(found["zm"] or 0)
    ahead = (hours * 60 + minutes) * (-1 if sign == "-" else 1)
    return (int(found["h"]) * 60 + int(found["m"]) - ahead) % 1440 == 1439  # leap seconds end a day of UTC


def _is_date_time(text: str) -> bool:
    found = _DATE_TIME_FORM.fullmatch(text)
    return found is not None and _is_date(found[1]) and _is_time(found[2])


def _is_hostname(text: str) -> bool:
    return len(text) <= 253 and _HOSTNAME_FORM.fullmatch(text) is not None


def _is_idn_hostname(text: str) -> bool:
    return len(text) <= 253 and _IDN_HOSTNAME_FORM.fullmatch(text) is not None


def _is_email(text: str, local: re.Pattern[str] = _LOCAL_FORM, host: Callable[[str], bool] = _is_hostname) -> bool:
    name, at, domain = text.rpartition("@")
    if not at or len(name) > 64 or local.fullmatch(name) is None:
        return False
    if domain.startswith("[") and domain.endswith("]"):
        return _is_ipv4(domain[1:-1]) or (domain[:6].lower() == "[ipv6:" and _is_ipv6(domain[6:-1]))
    return host(domain)


def _is_idn_email(text: str) -> bool:
    return _is_email(text, _IDN_LOCAL_FORM, _is_idn_hostname)


def _is_ipv4(text: str) -> bool:
    return _IPV4_FORM.fullmatch(text) is not None


def _is_ipv6(text: str) -> bool:
    head, colons, tail = text.partition("::")
    groups = [one for part in (head, tail) if part for one in part.split(":")]
    size = 8
    if groups and "." in groups[-1] and (tail or not colons):
        if not _is_ipv4(groups.pop()):
            return False
        size = 6
    if any(re.fullmatch("[0-9A-Fa-f]{1,4}", one) is None for one in groups):
        return False
    return len(groups) < size if colons else len(groups) == size


def _uri(letters: str) -> re.Pattern[str]:
    """A URI reference whose characters are these and those of ASCII; its scheme is a group."""
    plain = rf"[A-Za-z0-9._~!$&'()*+,;=:@{letters}-]|{_ESCAPED}"
    path = f"(?:/|{plain})*"
    user = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:{letters}-]|{_ESCAPED})*"
    future = r"\[[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+\]"
    name = rf"(?:[A-Za-z0-9._~!$&'()*+,;={letters}-]|{_ESCAPED})*"
    host = rf"(?:\[(?P<ip>[0-9A-Fa-f:.]+)\]|{future}|{name})"
    return re.compile(
        rf"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?:(?P<two>//)(?:{user}@)?{host}(?::[0-9]*)?(?=[/?#]|\Z)|(?!//))"
        rf"(?P<path>{path})(?:\?(?:/|\?|{plain})*)?(?:#(?:/|\?|{plain})*)?"
    )


_URI_FORM, _IRI_FORM = _uri(""), _uri("\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000efffd")


def _is_reference(text: str, form: re.Pattern[str] = _URI_FORM) -> bool:
    found = form.fullmatch(text)
    if found is None or (found["ip"] is not None and not _is_ipv6(found["ip"])):
        return False
    # Without a scheme, the first part of a path has no colon.
    return found["scheme"] is not None or found["two"] is not None or ":" not in found["path"].partition("/")[0]


def _is_uri(text: str, form: re.Pattern[str] = _URI_FORM) -> bool:
    return _is_reference(text, form) and re.match("[A-Za-z][A-Za-z0-9+.-]*:", text) is not None


FORMATS_OF_TEXT: Mapping[str, Callable[[str], bool]] = {
    "date": _is_date,
    "time": _is_time,
    "date-time": _is_date_time,
    "email": _is_email,
    "idn-email": _is_idn_email,
    "hostname": _is_hostname,
    "idn-hostname": _is_idn_hostname,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "uri": _is_uri,
    "uri-reference": _is_reference,
    "iri": lambda text: _is_uri(text, _IRI_FORM),
    "iri-reference": lambda text: _is_reference(text, _IRI_FORM),
    "uri-template": lambda text: _TEMPLATE_FORM.fullmatch(text) is not None,
    "json-pointer": lambda text: _POINTER_FORM.fullmatch(text) is not None,
    "relative-json-pointer": lambda text: _RELATIVE_POINTER_FORM.fullmatch(text) is not None,
}
