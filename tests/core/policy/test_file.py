"""The policy file: it's read as written, and each fault names its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model.channel import ChannelKind
from bot.core.model.person import Role
from bot.core.policy.file import PolicyError, read_policy
from bot.core.policy.rules import Action, Allow, Approve, Deny, Overrides, Policy, Rule, Where, Which, Who
from bot.core.text.yaml_file import FAULTS_MOST, LARGEST

WHOLE = """\
version: 1
rules:
  # Production asks a second pair of eyes.
  - name: production
    who:
      groups: ["@analytics", S0123ABC]
      roles: [member]
      users: U0123ABC
      domains: [example.com]
    where: {channels: ["#prod-*", C0123ABC], kinds: [private, direct], shared: false}
    what: [start, retry]
    which:
      schedules: ["prod-*"]
      owners: ["*@example.com"]
      branches: none
      commands: ["dbt run --select **"]
    approve: {by: "@data-leads", within: 45 min}
  - what: [read, logs]
    allow: true
  - deny: Ask the data team.
"""


def faults(text: str) -> tuple[str, ...]:
    """The faults of a file."""
    with pytest.raises(PolicyError) as caught:
        read_policy(text)
    return caught.value.lines


def lines_of(text: str) -> tuple[str, ...] | None:
    """The faults of a file, or None if it's a valid policy."""
    try:
        read_policy(text)
    except PolicyError as error:
        return error.lines
    return None


def rule(*lines: str) -> str:
    """A file with one rule, which begins in the third line."""
    first, *rest = lines
    return "\n".join(["version: 1", "rules:", f"  - {first}", *(f"    {line}" for line in rest)])


def test_everything_there_is() -> None:
    """Every key is read, rules keep their line numbers, and a rule without a name gets one."""
    assert read_policy(WHOLE) == Policy(
        (
            Rule(
                "production",
                Approve("@data-leads", 2700),
                Who(
                    frozenset({"U0123ABC"}),
                    frozenset({"@analytics", "S0123ABC"}),
                    frozenset({Role.MEMBER}),
                    frozenset({"example.com"}),
                ),
                Where(("#prod-*", "C0123ABC"), frozenset({ChannelKind.PRIVATE, ChannelKind.DIRECT}), shared=False),
                frozenset({Action.START, Action.RETRY}),
                Which(
                    ("prod-*",),
                    ("*@example.com",),
                    Overrides(any=False),
                    Overrides(any=False, patterns=("dbt run --select **",)),
                ),
                line=4,
            ),
            Rule("rule 2", Allow(), what=frozenset({Action.READ, Action.LOGS}), line=18),
            Rule("rule 3", Deny("Ask the data team"), line=20),
        )
    )


def test_an_approval_in_one_word() -> None:
    """An approval given as a group alone is open for half an hour."""
    assert read_policy(rule("what: start", 'approve: "@leads"')).rules[0].effect == Approve("@leads", 1800)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: the file is empty; it needs version: 1 and rules"),
        ("a", "line 1: the policy should have keys: version, rules"),
        ("- a", "line 1: the policy should have keys: version, rules"),
        ("rules: [{allow: true}]", "line 1: version is missing: write version: 1"),
        ("version: 2\nrules: [{allow: true}]", "line 1: version should be 1: this bot supports no other version"),
        ("version: 1", "line 1: rules are missing: add a list of rules, which is read from top to bottom"),
        ("version: 1\nrules:", "line 2: rules should be a list: each rule begins with a dash"),
        ("version: 1\nrules: []", "line 2: there are no rules, so nobody could do anything"),
        (
            "version: 1\nrules: [a]",
            "line 2: a rule should have keys: name, who, where, what, which, allow, deny, approve",
        ),
        (rule("what: start"), "line 3: the rule has no decision: it needs exactly one of allow, deny or approve"),
        (
            rule("allow: true", "deny: no"),
            "line 3: the rule has allow and deny: it needs exactly one of allow, deny or approve",
        ),
        (rule("allow: false"), "line 3: allow should be true; to refuse, write deny with a reason"),
        (rule("allow: yes"), "line 3: allow should be true or false"),
        (rule('allow: "true"'), "line 3: allow should be true or false"),
        (rule("deny:"), "line 3: deny should be a reason to show to the person"),
        (rule("deny: [a]"), "line 3: deny should be a reason to show to the person"),
        (rule("allow: true", "wat: start"), 'line 4: "wat" isn\'t a key of a rule; did you mean what?'),
        (
            rule("allow: true", "xyz: 1"),
            'line 4: "xyz" isn\'t a key of a rule; its keys are name, who, where, what, which, allow, deny, approve',
        ),
        (
            rule("allow: true", "? [a]", ": 1"),
            'line 4: "" isn\'t a key of a rule; its keys are name, who, where, what, which, allow, deny, approve',
        ),
        (rule("allow: true", "what: start", "what: retry"), "line 5: a rule has what twice"),
        (rule("allow: true", "what: strat"), 'line 4: what: there\'s no "strat"; did you mean start?'),
        (
            rule("allow: true", "what: xyz"),
            'line 4: what: there\'s no "xyz"; use one of start, retry, cancel, pause, read, logs, artifacts, audit, watch',
        ),
        (
            rule("allow: true", "what: []"),
            "line 4: what is an empty list, which never matches; leave it out or fill it",
        ),
        (
            rule("allow: true", "what:"),
            "line 4: what should be one of start, retry, cancel, pause, read, logs, artifacts, audit, watch",
        ),
        (rule("allow: true", "who: {}"), "line 4: who is empty; leave it out to match everything"),
        (rule("allow: true", "who: U0123"), "line 4: who should have keys: users, groups, roles, domains"),
        (rule("allow: true", "who: {users: [ada]}"), 'line 4: users: "ada" should be a user\'s id, such as U0123ABC'),
        (
            rule("allow: true", "who: {groups: [data]}"),
            'line 4: groups: "data" should be a user group, such as @data or S0123ABC',
        ),
        (
            rule("allow: true", "who: {roles: [boss]}"),
            'line 4: roles: there\'s no "boss"; use one of owner, admin, member, guest, external',
        ),
        (
            rule("allow: true", "who: {domains: ['@example.com']}"),
            'line 4: domains: "@example.com" should be a domain, such as example.com',
        ),
        (
            rule("allow: true", "where: {channels: [general]}"),
            'line 4: channels: "general" should be a channel\'s id, such as C0123ABC, or its name in quotes, such as "#data"',
        ),
        (
            rule("allow: true", "where:", "  channels: #general"),
            'line 5: channels should be a channel\'s id, such as C0123ABC, or its name in quotes, such as "#data"',
        ),
        (
            rule("allow: true", "where: {kinds: [secret]}"),
            'line 4: kinds: there\'s no "secret"; use one of public, private, direct',
        ),
        (rule("allow: true", "where: {shared: maybe}"), "line 4: shared should be true or false"),
        (rule("allow: true", "which: {branches: 3}"), "line 4: branches should be any, none, or a list of patterns"),
        (
            rule("allow: true", "which: {commands: []}"),
            "line 4: commands is an empty list, which never matches; leave it out or fill it",
        ),
        (
            rule("what: start", "approve: leads"),
            'line 4: approve: "leads" should be a user group, such as @data-leads or S0123ABC',
        ),
        (
            rule("what: start", "approve: {within: 1 h}"),
            "line 4: approve needs the key “by”: the user group whose members can approve",
        ),
        (
            rule("what: start", 'approve: {by: "@a", within: soon}'),
            "line 4: within should be a time of at most 24 h, such as 30 min, 2 h or 90 s",
        ),
        (
            rule("what: start", 'approve: {by: "@a", within: 25 h}'),
            "line 4: within should be a time of at most 24 h, such as 30 min, 2 h or 90 s",
        ),
        (
            rule("what: start", 'approve: {by: "@a", within: 0 s}'),
            "line 4: within should be a time of at most 24 h, such as 30 min, 2 h or 90 s",
        ),
        (
            rule('approve: "@a"'),
            "line 3: approve works only for starts and retries: write what: [start, retry], or list only one of them",
        ),
        (
            rule("what: [start, logs]", 'approve: "@a"'),
            "line 3: approve works only for starts and retries: write what: [start, retry], or list only one of them",
        ),
        (rule('name: "a\\nb"', "allow: true"), "line 3: name contains a line break or a control character"),
        (rule(f"name: {'a' * 301}", "allow: true"), "line 3: name is longer than 300 characters"),
        ("version: 1\nrules: &r [{allow: true}]", "line 2: anchors and aliases aren't supported; write the value out"),
        ("version: 1\nrules: [\n", "line 3: this isn't YAML: expected the node content, but found '<stream end>'"),
        ("version: 1\n\trules: []", "line 2: this isn't YAML: found character '\\t' that cannot start any token"),
        ("a: \x01", "this isn't YAML: unacceptable character #x0001: special characters are not allowed"),
        ("version: 1\nrules: [{allow: true}]\n---\na: 1", "line 3: this isn't YAML: but found another document"),
        ("#" * (LARGEST + 1), "the file is larger than 256 kB"),
        ("version: 1\nrules:\n" + "  - allow: true\n" * 501, "line 3: there are more than 500 rules"),
        (
            rule("allow: true", f"who: {{users: [{', '.join(['U0123'] * 501)}]}}"),
            "line 4: users has more than 500 entries",
        ),
    ],
)
def test_each_fault_names_its_line(text: str, fault: str) -> None:
    """Each fault says what is expected, with its line number if it has one."""
    assert faults(text) == (fault,)


def test_every_fault_is_told_at_once() -> None:
    """All faults are reported at once, in the order of their lines, up to a limit."""
    bad = "version: 1\nrules:\n" + "".join(f"  - allow: maybe{number}\n" for number in range(FAULTS_MOST + 5))
    told = faults(bad)
    assert len(told) == FAULTS_MOST + 1
    assert told[0] == "line 3: allow should be true or false"
    assert told[-1] == "and 5 more"


def test_deep_nesting_is_no_crash() -> None:
    """Deep nesting is a fault like any other, and is reported before the whole file is read."""
    told = ("line 1: this is nested too deeply",)
    assert faults("[" * 100_000) == told
    assert faults("{a: " * 30_000) == told


@given(st.text(max_size=300))
def test_whatever_it_holds_it_is_a_policy_or_its_faults_are_told(text: str) -> None:
    """Any text is either a policy or a list of one-line faults."""
    told = lines_of(text)
    assert told is None or told
    assert all("\n" not in line for line in told or ())


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
WORDS = """version rules name who where what which allow deny approve by within users groups roles domains channels kinds shared
schedules owners branches commands x"""
KEYS = st.sampled_from(WORDS.split())
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@given(st.lists(TREES, max_size=3))
def test_whatever_shape_its_rules_have(rules: list[object]) -> None:
    """Rules of any shape are either a policy or faults with line numbers."""
    text = yaml.safe_dump({"version": 1, "rules": rules})
    assert all(line.startswith(("line ", "and ")) for line in lines_of(text) or ())


def test_the_page_s_example_is_a_policy() -> None:
    """The example that people copy from the documentation is a valid policy."""
    page = (Path(__file__).parents[3] / "docs" / "policy.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    policy = read_policy(example)
    assert next(rule.name for rule in policy.rules) == "guests look"
    assert policy.groups == {"@analytics", "@data-leads"}
