"""Masking by shape: passwords in URLs, headers, tokens with a vendor's prefix, signatures.

`bot.core.redact.masker` has the other rules: names, private keys, the bot's own secrets, a deployment's patterns.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MASK = "•••"
# In characters; a piece is extended to the end of its line.
PIECE = 2_000


@dataclass(frozen=True, slots=True)
class _Rule:
    """Replaces the matches of a pattern. Every text that can match contains one of the lowercase strings in `needs`."""

    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    put: str | Callable[[re.Match[str]], str] = MASK


# The password itself may contain an @, so it extends to the last @ before a slash, space or quote.
_URL = re.compile(r"(://)[^\s/@:'\"<>]{0,200}:[^\s/'\"<>]{1,2000}@")
# A password may even contain a slash, unless the part before that is a port.
_URL_SLASH = re.compile(r"(://)[^\s/@:?#'\"<>]{1,100}:(?!\d{1,5}[/?#])[^\s@'\"<>]{1,200}@")
# A user name without a password is a token in a web address; in other addresses (ssh://git@…), only a long one is.
_URL_USER = re.compile(
    r"(://)(?:(?<=(?<![A-Za-z])(?i:https)://)|(?<=(?<![A-Za-z])(?i:http)://))[^\s/@:?#'\"<>]{1,2000}@"
)
_URL_LONG_USER = re.compile(r"(://)[^\s/@:?#'\"<>]{20,2000}@")

_HOOK = re.compile(
    r"((?:hooks\.slack\.com/|hooks\.zapier\.com/hooks/catch/|discord(?:app)?\.com/api/webhooks/|\.webhook\.office\.com/webhookb2/|api\.telegram\.org/bot))"
    r"[\w/@:+-]{8,}+",
    re.IGNORECASE,
)
_SCHEMES = "bearer|basic|token|digest|apikey|api-key|key|geniekey|negotiate|ntlm|oauth|bot|splunk"
_AUTHORIZATION = re.compile(
    rf"(authorization\\{{0,3}}[\"']?[ \t]{{0,3}}[:=][ \t]{{0,3}}\\{{0,3}}[\"']?)((?:(?:{_SCHEMES})[ \t]{{1,3}})?)([^\s\"'\\]++)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer[ \t]{1,3})([A-Za-z0-9._~+/=-]{12,}+)(?!•)", re.IGNORECASE)
_BASIC = re.compile(r"\b(basic[ \t]{1,3})([A-Za-z0-9+/]{12,}+={0,2}+)(?![•=])", re.IGNORECASE)
# A capital after a lowercase letter, or 24 letters in a row. The words of a sentence contain neither.
_MIXED = re.compile(r"[a-z][A-Z]|[A-Za-z]{24}")
_COOKIE = re.compile(
    r"((?<![\w-])(?:set-)?cookie\\{0,3}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,3}[\"']?)(?=[\w.-]{1,60}=)[^\r\n\"'\\]++",
    re.IGNORECASE,
)

# Vendors' prefixes and the characters after them. With such a prefix, a token that was cut off is recognized as well.
_PREFIXED = (
    (("xoxe.xoxb-", "xoxe.xoxp-", *(f"xox{kind}-" for kind in "abcdeoprs")), r"[A-Za-z0-9%-]{8,}+"),
    (("xapp-",), r"\d[A-Za-z0-9-]{8,}+"),
    (("prdm_wsp_", "prdm_cmp_"), r"[A-Za-z0-9_-]{4,}+"),
    (("whsec_",), r"[A-Za-z0-9+/=_-]{16,}+"),
    (("ghp_", "gho_", "ghs_", "ghu_", "ghr_"), r"[A-Za-z0-9]{16,}+"),
    (("github_pat_",), r"[A-Za-z0-9_]{20,}+"),
    (("glpat-", "glrt-", "glcbt-", "gldt-", "glptt-", "glsoat-", "glffct-", "glft-", "glimt-", "glagent-", "gloas-"),
     r"[A-Za-z0-9_.-]{16,}+"),
    (("AIza",), r"[A-Za-z0-9_-]{30,}+"),
    (("ya29.", "GOCSPX-"), r"[A-Za-z0-9_-]{20,}+"),
    (("sk-proj-", "sk-ant-", "sk-svcacct-", "sk-admin-", "sk-or-", "sk-lf-"), r"[A-Za-z0-9_-]{20,}+"),
    (("sk_live_", "rk_live_"), r"[A-Za-z0-9]{16,}+"),
    (("dbtc_", "dbtu_"), r"[A-Za-z0-9_-]{30,}+"),
    (("pypi-Ag", "hvs.", "hvb.", "hvr.", "dckr_pat_", "dckr_oat_"), r"[A-Za-z0-9_-]{20,}+"),
    (("glsa_",), r"[A-Za-z0-9_]{20,}+"),
    (("dop_v1_", "doo_v1_", "dor_v1_"), r"[a-f0-9]{32,}+"),
    (("ATATT3", "ATCTT3"), r"[A-Za-z0-9_=-]{20,}+"),
    (("NRAK-", "AGE-SECRET-KEY-1"), r"[A-Z0-9]{20,}+"),
    (("shpat_", "shpca_", "shppa_", "shpss_", "rubygems_"), r"[a-fA-F0-9]{32,}+"),
    (("lin_api_", "ntn_", "EAACEdEose0cBA", "AKCp", "sntrys_", "sntryu_"), r"[A-Za-z0-9_+/=]{30,}+"),
    (("sq0atp-", "sq0csp-", "xkeysib-"), r"[A-Za-z0-9_-]{20,}+"),
    (("pat-na1-", "pat-eu1-"), r"[a-f0-9-]{30,}+"),
    (("eyJ",), r"[A-Za-z0-9_-]{12,}+(?:\.[A-Za-z0-9_-]*+){0,4}"),
)  # fmt: skip
# Prefixes that also begin ordinary words.
_PREFIXED_LIKE_WORDS = (
    (("AKIA", "ASIA"), r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    (("1//0",), r"[A-Za-z0-9_-]{20,}+"),
    (("sk-",), r"[A-Za-z0-9]{32,}+"),
    (("sk_test_", "rk_test_"), r"[A-Za-z0-9]{16,}+"),
    (("dapi", "dose"), r"[a-f0-9]{32}"),
    (("npm_",), r"[A-Za-z0-9]{36}"),
    (("SG.",), r"[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+"),
    (("SK",), r"[a-f0-9]{32}(?![A-Za-z0-9])"),
    (("hf_",), r"[A-Za-z0-9]{30,}+"),
)


def _token(prefix: str, rest: str) -> re.Pattern[str]:
    """Build a pattern for a token at the start of a word.

    The prefix comes first, because patterns that begin with literal letters are the fastest.
    """
    begin = re.escape(prefix)
    return re.compile(f"{begin}(?<![A-Za-z0-9]{begin}){rest}")


_TOKENS = tuple(
    (prefix, _token(prefix, rest)) for prefixes, rest in (*_PREFIXED, *_PREFIXED_LIKE_WORDS) for prefix in prefixes
)

_AZURE_CLIENT = re.compile(r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,}+")
_TERRAFORM = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{20,}+")
_PUTTY = re.compile(r"(Private-Lines: \d{1,4}[ \t]{0,3}\r?\n)(?:[A-Za-z0-9+/=]{1,200}+\r?(?:\n|\Z))+")
_CODE = re.compile(r"([?&]code=)[A-Za-z0-9%+/=_-]{40,}+")
_SIGNATURE = re.compile(
    r"((?<![A-Za-z0-9_])(?:sig|signature|AccountKey|SharedAccessKey)=)[A-Za-z0-9%+/=_~-]{16,}+", re.IGNORECASE
)

_NETRC = re.compile(
    r"(\blogin[ \t]{1,3}(?!(?:or|and|as|with)\b)[^\s]{1,100}[ \t]{1,3}password[ \t]{1,3})[^\s]++", re.IGNORECASE
)
# Excludes numeric user and group ids.
_CURL = re.compile(
    r"((?<![\w-])(?:-u[ \t=]{0,3}|--(?:proxy-)?user[ \t=]{1,3})[\"']?(?!\d{1,7}:\d{1,7}(?![^\s\"']))[\w$%{.][^\s:\"'/]{0,100}:)[^\s\"']++"
)
_XML = re.compile(r"(<[\w:.-]{0,60}(?:password|secret|token|api_?key)>)[^<\s]{1,2000}(?=</)", re.IGNORECASE)
_SQL = re.compile(
    r"(\b(?:password|secret_access_key|aws_secret_key|session_token|identified[ \t]{1,3}by)[ \t]{1,3}')(?:[^'\n]++|'')+(?=')",
    re.IGNORECASE,
)

_CUT_URL = re.compile(r"(://[^\s/@:'\"<>]{0,100}:)(?!\d{1,5}…)[^\s/@'\"<>…]{1,200}+(?=…)")
_CUT_TOKEN = re.compile(
    rf"(?<![A-Za-z0-9])(?:{'|'.join(re.escape(one) for prefixes, _ in _PREFIXED for one in prefixes)})"
    r"[\w%./+=~-]{1,300}+(?=…)"
)


def mask_shapes(text: str) -> str:
    """Mask texts with the shape of a secret. Except for one kind of key, no shape spans several lines."""
    if "Private-Lines: " in text:
        text = _PUTTY.sub(rf"\1{MASK}\n", text)
    return "".join(map(_mask_lines, _pieces(text)))


def _pieces(text: str) -> Iterator[str]:
    """Split a text into groups of lines. Most groups lack the letters that a pattern begins with and are skipped."""
    at = 0
    while at < len(text):
        line = text.find("\n", at + PIECE)
        end = line + 1 if line >= 0 else len(text)
        yield text[at:end]
        at = end


def _mask_lines(text: str) -> str:
    lower = text.lower()
    if "://" in text and "@" in text:
        for pattern in (_URL, _URL_SLASH, _URL_USER, _URL_LONG_USER):
            text = pattern.sub(rf"\1{MASK}@", text)
    for rule in _RULES:
        if any(word in lower for word in rule.needs):
            text = rule.pattern.sub(rule.put, text)
    for prefix, pattern in _TOKENS:
        if prefix in text:
            text = pattern.sub(MASK, text)
    return text


def mask_cut(text: str) -> str:
    """Mask secrets that were cut off (`…`) before their shape was complete."""
    return _CUT_TOKEN.sub(MASK, _CUT_URL.sub(rf"\1{MASK}", text))


def _authorization(found: re.Match[str]) -> str:
    # Without a scheme it may be prose: `authorization: failed`.
    if not found[2] and found[3].rstrip(",;.").isalpha() and not _MIXED.search(found[3]):
        return found[0]
    return f"{found[1]}{found[2]}{MASK}"


def _bearer(found: re.Match[str]) -> str:
    """Mask a bearer token, but not prose: `Bearer authentication`."""
    value = found[2]
    secret = any(letter.isdigit() for letter in value) or value.endswith("=") or _MIXED.search(value)
    return f"{found[1]}{MASK}" if secret else found[0]


def _basic(found: re.Match[str]) -> str:
    """Mask a user and password in base64, but not prose: `basic transformations`."""
    value = found[2]
    try:
        secret = b":" in base64.b64decode(value[: len(value) // 4 * 4], validate=True)
    except ValueError:
        secret = False
    return f"{found[1]}{MASK}" if secret else found[0]


_RULES = (
    _Rule(
        ("hooks.slack.com/", "hooks.zapier.com/", "/api/webhooks/", ".webhook.office.com/", "telegram.org/bot"),
        _HOOK,
        rf"\1{MASK}",
    ),
    _Rule(("authorization",), _AUTHORIZATION, _authorization),
    _Rule(("bearer",), _BEARER, _bearer),
    _Rule(("basic",), _BASIC, _basic),
    _Rule(("cookie",), _COOKIE, rf"\1{MASK}"),
    _Rule(("q~",), _AZURE_CLIENT),
    _Rule((".atlasv1.",), _TERRAFORM),
    _Rule(("sig=", "signature=", "accountkey=", "sharedaccesskey="), _SIGNATURE, rf"\1{MASK}"),
    _Rule(("code=",), _CODE, rf"\1{MASK}"),
    _Rule(("login",), _NETRC, rf"\1{MASK}"),
    _Rule(("-u",), _CURL, rf"\1{MASK}"),
    _Rule(("</",), _XML, rf"\1{MASK}"),
    _Rule(("password", "secret_access_key", "aws_secret_key", "session_token", "identified"), _SQL, rf"\1{MASK}"),
)
