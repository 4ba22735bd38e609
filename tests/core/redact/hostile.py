"""Texts that are hard on a masker: each repeats one thing, as if somebody wanted to make the bot hang."""

from __future__ import annotations

DASHES = "-" * 5
# Texts to repeat, by kind. Most resemble the beginning of something that a pattern matches, or several of these
# nested.
UNITS: dict[str, str] = {
    "one character": "a",
    "spaces": " ",
    "line ends": "\n",
    "digits": "7",
    "base64": "QUJDREVGabcd1234",
    "names with signs": "a=",
    "names that mark secrets": "key=",
    "names that mark tokens, with nothing": "token=[",
    "the same name as its value": "token=token.",
    "flags": "--token ",
    "names without signs": "key ",
    "capitals": "API_KEY ",
    "long names": "a.b-c_",
    "names of keys in each other": "key_",
    "values that begin": "key='",
    "open quotes": "secret='",
    "separators": "password=,a",
    "separators of columns": "a_key=;",
    "short values": "some_key=a1",
    "a parser's token": "unexpected token: ",
    "harmless values": "token=null ",
    "calls": "token=md5(",
    "quotes": "\"'",
    "backslashes": "\\",
    "escaped quotes": '\\\\"',
    "addresses": "https://",
    "addresses with passwords": "://a:b@",
    "addresses that are no addresses": "a://b:c",
    "addresses without an end": "://a:",
    "signs of an address": "@",
    "keys that begin": f"{DASHES}BEGIN PRIVATE KEY{DASHES}\n",
    "keys that begin and are empty": f"{DASHES}BEGIN PRIVATE KEY{DASHES}\n\n",
    "keys that end": f"{DASHES}END PRIVATE KEY{DASHES}",
    "lines of keys": "MIIEabcdefghijkl\n",
    "headers of keys": f"{DASHES}BEGIN PRIVATE KEY{DASHES}\nA: b\n",
    "bearers": "bearer ",
    "basics": "Basic abcdefghijklmnop ",
    "authorizations": "authorization:",
    "cookies": "cookie: ",
    "cookies with values": "cookie: a=b\n",
    "Slack's prefix": "xoxb-",
    "prefixes of tokens": "sk-ant-ghp_glpat-",
    "JSON Web Tokens that begin": "eyJaaaaaaaaa.",
    "signatures": "sig=",
    "signatures that are too short": "sig=abc&",
    "tags": "<token>",
    "users of curl": "-u x:",
    "users of curl, long": "--user abcdefgh",
    "users of netrc": "login password ",
    "passwords of SQL": "password 'a",
    "blocks of YAML": "key: |\n a\n",
    "blocks of YAML that are long": "password: |\n",
    "pairs": '"name": "token", "value',
    "names of pairs": '"name":"',
    "cut off": "://a:b…",
    "prefixes that are cut off": "xoxb-…",
    "dashes": "-",
    "underscores": "_",
    "dots": "…",
    "masks": "•••",
}


def hostile(unit: str, length: int) -> str:
    """Repeat the unit to this length, with an end that matches nothing."""
    return (unit * (length // len(unit) + 1))[:length] + "]."
