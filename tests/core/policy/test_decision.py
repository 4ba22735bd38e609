"""The policy: the first rule that fits decides, and a missing fact never grants permission."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role
from bot.core.policy.decision import (
    BACKTICKS,
    NO_RULE,
    NO_RULE_FOR_EXTERNAL,
    NO_RULE_FOR_WATCH,
    Decision,
    Verdict,
    decide,
)
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.matching import fits, with_backticks
from bot.core.policy.rules import (
    UNKNOWN_COMMAND,
    Action,
    Allow,
    Approve,
    Deny,
    Overrides,
    Policy,
    Question,
    Rule,
    Target,
    Where,
    Which,
    Who,
)

MEMBER = Person("U1", frozenset({Role.MEMBER}), frozenset(), "example.com")
ADMIN = Person("U2", frozenset({Role.MEMBER, Role.ADMIN}), frozenset())
GUEST = Person("U3", frozenset({Role.GUEST}), frozenset())
EXTERNAL = Person("U4", frozenset({Role.EXTERNAL}), frozenset())
GONE = Person("U5", frozenset(), frozenset())
STRANGE = Person("U6", None, None, None, "Slack doesn't tell who you are")
HERE = ChannelInfo("C1", "data-eng", ChannelKind.PUBLIC, shared=False)
SHARED = replace(HERE, shared=True)
UNSEEN = ChannelInfo("C1", why="I can't post in this channel")
NIGHTLY = Target("nightly", "Nightly full build", "ada@example.com")
START = Question(Action.START, NIGHTLY, posts=True)


def word(
    policy: Policy, person: Person = MEMBER, channel_info: ChannelInfo = HERE, question: Question = START
) -> Verdict:
    """The verdict on a request."""
    return decide(policy, person, channel_info, question).verdict


def only(rule: Rule) -> Policy:
    """A policy of this rule alone."""
    return Policy((rule,))


def asks(action: Action, *, posts: bool = False, target: Target = NIGHTLY) -> Question:
    """A question about this action."""
    return Question(action, target, posts)


# --- without a file ---


@pytest.mark.parametrize("action", [one for one in Action if one is not Action.AUDIT])
def test_members_do_everything_by_default(action: Action) -> None:
    """Members can do everything by default, except read the audit log."""
    assert word(DEFAULT_POLICY, question=asks(action)) is Verdict.ALLOW


@pytest.mark.parametrize("action", list(Action))
def test_guests_only_read_by_default(action: Action) -> None:
    """By default, guests can only read runs, logs and artifacts."""
    reads = action in {Action.READ, Action.LOGS, Action.ARTIFACTS}
    assert word(DEFAULT_POLICY, GUEST, question=asks(action)) is (Verdict.ALLOW if reads else Verdict.DENY)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize(
    "policy",
    [
        DEFAULT_POLICY,
        only(Rule("everyone", Allow(), which=Which(commands=Overrides()))),
        only(Rule("by name", Allow(), who=Who(users=frozenset({"U4"})))),
        only(Rule("named, but refused", Deny("no"), who=Who(roles=frozenset({Role.EXTERNAL})))),
        only(Rule("everyone, with approval", Approve("@leads"))),
    ],
)
def test_people_of_other_organizations_may_do_nothing(policy: Policy, action: Action) -> None:
    """People from other organizations can't do anything unless a rule names them and allows it."""
    assert word(policy, EXTERNAL, question=asks(action)) is Verdict.DENY
    assert not policy.admits_external


@pytest.mark.parametrize("effect", [Allow(), Approve("@leads")])
def test_a_rule_that_names_people_of_other_organizations(effect: Allow | Approve) -> None:
    """A rule that names people from other organizations lets them do what it covers, and no other rule does."""
    named = Rule("partners", effect, who=Who(roles=frozenset({Role.EXTERNAL})), what=frozenset({Action.START}))
    policy = Policy((named, Rule("everyone else", Allow())))
    assert policy.admits_external
    assert word(policy, EXTERNAL) is (Verdict.ALLOW if effect == Allow() else Verdict.APPROVE)
    decision = decide(policy, EXTERNAL, HERE, asks(Action.READ))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, NO_RULE_FOR_EXTERNAL)
    assert word(policy, MEMBER, question=asks(Action.READ)) is Verdict.ALLOW
    assert word(Policy((Rule("no", Deny("no")), named)), EXTERNAL) is Verdict.DENY


@pytest.mark.parametrize("action", list(Action))
def test_where_some_are_let_in_whoever_cannot_be_read_is_not(action: Action) -> None:
    """If a rule admits outsiders, a person who can't be identified is refused, because they may be one of them."""
    named = Rule("partners", Allow(), who=Who(roles=frozenset({Role.EXTERNAL})), what=frozenset({Action.LOGS}))
    policy = Policy((named, Rule("everyone else", Allow())))
    assert not decide(policy, STRANGE, HERE, asks(action)).allowed
    assert decide(only(Rule("everyone", Allow())), STRANGE, HERE, asks(Action.READ)).allowed


def test_the_record_is_for_admins_by_default() -> None:
    """By default, only admins can read the audit log, and the refusal says so."""
    assert word(DEFAULT_POLICY, ADMIN, question=asks(Action.AUDIT)) is Verdict.ALLOW
    decision = decide(DEFAULT_POLICY, MEMBER, HERE, asks(Action.AUDIT))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "only admins can")


def test_nothing_is_posted_to_shared_channels_by_default() -> None:
    """By default, nothing is posted to shared channels; reading and cancelling are still allowed there."""
    decision = decide(DEFAULT_POLICY, MEMBER, SHARED, START)
    assert decision.verdict is Verdict.DENY
    assert "shared with another organization" in decision.reason
    assert word(DEFAULT_POLICY, channel_info=SHARED, question=asks(Action.LOGS)) is Verdict.ALLOW
    assert word(DEFAULT_POLICY, channel_info=SHARED, question=asks(Action.LOGS, posts=True)) is Verdict.DENY
    assert word(DEFAULT_POLICY, channel_info=SHARED, question=asks(Action.CANCEL)) is Verdict.ALLOW


def test_members_may_give_commands_by_default() -> None:
    """By default, members can replace a schedule's commands."""
    question = asks(Action.START, target=replace(NIGHTLY, commands=("dbt run; echo",)), posts=True)
    assert word(DEFAULT_POLICY, question=question) is Verdict.ALLOW


@pytest.mark.parametrize("action", list(Action))
def test_who_cannot_be_read_may_not_act(action: Action) -> None:
    """A person whom Slack doesn't identify can read but not act, and the refusal says why."""
    decision = decide(DEFAULT_POLICY, STRANGE, HERE, asks(action))
    reads = action in {Action.READ, Action.LOGS, Action.ARTIFACTS}
    assert decision.verdict is (Verdict.ALLOW if reads else Verdict.UNKNOWN if action.acts else decision.verdict)
    assert decision.allowed == reads
    if action.acts:
        assert decision.reason == STRANGE.why


@pytest.mark.parametrize("action", [action for action in Action if action.acts or action is Action.AUDIT])
def test_an_account_that_is_closed_may_do_nothing(action: Action) -> None:
    """A deactivated account, which has no role, can't act or read the audit log."""
    assert word(DEFAULT_POLICY, GONE, question=asks(action)) is Verdict.DENY


def test_a_channel_that_cannot_be_read_takes_no_posts() -> None:
    """A channel that can't be read gets no posts, because it may be shared with another organization."""
    decision = decide(DEFAULT_POLICY, MEMBER, UNSEEN, START)
    assert (decision.verdict, decision.reason) == (Verdict.UNKNOWN, UNSEEN.why)
    assert word(DEFAULT_POLICY, channel_info=UNSEEN, question=asks(Action.CANCEL)) is Verdict.ALLOW


def test_members_watch_by_default() -> None:
    """By default, members can watch, guests can't, and nothing can be watched in a shared channel."""
    watch = asks(Action.WATCH, posts=True)
    assert word(DEFAULT_POLICY, question=watch) is Verdict.ALLOW
    assert word(DEFAULT_POLICY, GUEST, question=watch) is Verdict.DENY
    assert word(DEFAULT_POLICY, channel_info=SHARED, question=watch) is Verdict.DENY


# --- rules ---


def test_a_policy_from_before_there_were_watches_refuses_them() -> None:
    """The refusal says that no rule covers watches; a rule for every action does cover them."""
    old = only(Rule("a", Allow(), what=frozenset({Action.START, Action.READ})))
    assert decide(old, MEMBER, HERE, asks(Action.WATCH)).reason == NO_RULE_FOR_WATCH
    assert word(only(Rule("a", Allow())), question=asks(Action.WATCH, posts=True)) is Verdict.ALLOW


def test_the_first_rule_that_fits_decides() -> None:
    """The first rule that fits decides, whether it allows or denies."""
    allow, deny = Rule("a", Allow()), Rule("d", Deny("no"))
    assert decide(Policy((allow, deny)), MEMBER, HERE, START) == Decision(Verdict.ALLOW, "a")
    assert decide(Policy((deny, allow)), MEMBER, HERE, START) == Decision(Verdict.DENY, "d", "no")


def test_what_no_rule_is_about_is_refused() -> None:
    """A question that no rule covers is denied, with that as the reason."""
    decision = decide(only(Rule("r", Allow(), what=frozenset({Action.READ}))), MEMBER, HERE, asks(Action.CANCEL))
    assert decision == Decision(Verdict.DENY, reason=NO_RULE)


@pytest.mark.parametrize(
    ("who", "fitting"),
    [
        (Who(users=frozenset({"U1"})), True),
        (Who(users=frozenset({"U9"})), False),
        (Who(groups=frozenset({"@data"})), False),
        (Who(roles=frozenset({Role.MEMBER})), True),
        (Who(roles=frozenset({Role.OWNER, Role.GUEST})), False),
        (Who(domains=frozenset({"example.com"})), True),
        (Who(domains=frozenset({"evil-example.com"})), False),
        (Who(users=frozenset({"U1"}), roles=frozenset({Role.GUEST})), False),
    ],
)
def test_who(who: Who, *, fitting: bool) -> None:
    """The person has to be on every list that the rule gives."""
    assert (word(only(Rule("r", Allow(), who=who))) is Verdict.ALLOW) == fitting


@pytest.mark.parametrize(
    ("where", "channel_info", "fitting"),
    [
        (Where(channels=("C1",)), HERE, True),
        (Where(channels=("#data-*",)), HERE, True),
        (Where(channels=("#DATA-eng",)), HERE, True),
        (Where(channels=("#data",)), HERE, False),
        (Where(channels=("C2", "#x")), HERE, False),
        (Where(kinds=frozenset({ChannelKind.PUBLIC})), HERE, True),
        (Where(kinds=frozenset({ChannelKind.PRIVATE, ChannelKind.DIRECT})), HERE, False),
        (Where(shared=True), SHARED, True),
        (Where(shared=True), HERE, False),
        (Where(shared=False), SHARED, False),
    ],
)
def test_where(where: Where, channel_info: ChannelInfo, *, fitting: bool) -> None:
    """A rule can name channels by id, name, kind, and whether they're shared."""
    assert (word(only(Rule("r", Allow(), where=where)), channel_info=channel_info) is Verdict.ALLOW) == fitting


@pytest.mark.parametrize(
    ("which", "fitting"),
    [
        (Which(schedules=("night*",)), True),
        (Which(schedules=("nightly FULL*",)), True),
        (Which(schedules=("full",)), False),
        (Which(owners=("*@example.com",)), True),
        (Which(owners=("bob@*",)), False),
    ],
)
def test_which_schedule(which: Which, *, fitting: bool) -> None:
    """A rule can name schedules by slug, name or owner."""
    assert (word(only(Rule("r", Allow(), which=which))) is Verdict.ALLOW) == fitting


@pytest.mark.parametrize("field", ["groups", "domains"])
def test_what_cannot_be_read_is_refused_before_a_later_rule(field: str) -> None:
    """If a rule can't be checked, a later one doesn't decide in its place, unless both allow reading."""
    person = replace(MEMBER, groups=None, domain=None, why="Slack doesn't answer")
    names = frozenset({"@data"})
    who = Who(groups=names) if field == "groups" else Who(domains=names)
    rule = Rule("r", Deny("not you"), who=who)
    policy = Policy((rule, Rule("rest", Allow())))
    assert decide(policy, person, HERE, START) == Decision(Verdict.UNKNOWN, "r", "Slack doesn't answer")
    assert word(policy, person, question=asks(Action.READ)) is Verdict.UNKNOWN
    allowing = Policy((replace(rule, effect=Allow()), Rule("rest", Allow())))
    assert word(allowing, person) is Verdict.UNKNOWN
    assert word(allowing, person, question=asks(Action.READ)) is Verdict.ALLOW


def test_what_cannot_be_read_matters_only_where_the_rest_fits() -> None:
    """A rule that doesn't fit anyway is skipped, even if part of it can't be checked."""
    person = replace(MEMBER, groups=None)
    elsewhere = Rule("r", Allow(), who=Who(groups=frozenset({"@data"})), where=Where(channels=("C9",)))
    assert word(Policy((elsewhere, Rule("rest", Allow()))), person) is Verdict.ALLOW


def test_a_run_of_which_nobody_knows_the_schedule() -> None:
    """A rule about schedules might cover a run whose schedule isn't known, so the verdict is UNKNOWN."""
    policy = Policy((Rule("r", Deny("no"), which=Which(schedules=("prod*",))), Rule("rest", Allow())))
    unknown = Target(slug=None, owner=None)
    decision = decide(policy, MEMBER, HERE, asks(Action.CANCEL, target=unknown))
    assert (decision.verdict, decision.reason) == (
        Verdict.UNKNOWN,
        "I couldn't find out the schedule, which a rule depends on",
    )


def test_posting_where_others_look_in_needs_to_be_said() -> None:
    """A rule allows posts in shared channels only if it says so; a rule that denies always covers them."""
    assert word(only(Rule("r", Allow())), channel_info=SHARED) is Verdict.DENY
    assert word(only(Rule("r", Allow(), where=Where(shared=True))), channel_info=SHARED) is Verdict.ALLOW
    assert word(only(Rule("r", Approve("@x"), where=Where(shared=True))), channel_info=SHARED) is Verdict.APPROVE
    assert decide(only(Rule("r", Deny("never"))), MEMBER, SHARED, START).reason == "never"


def test_an_approval_names_who_may_give_it() -> None:
    """An approval says who may give it, and for how long it can be given."""
    decision = decide(only(Rule("r", Approve("@leads", 60))), MEMBER, HERE, START)
    assert decision == Decision(Verdict.APPROVE, "r", by="@leads", within_s=60)


# --- commands and branches given instead of the schedule's own ---

COMMANDS = ("dbt run --select staging", "dbt test")


def with_commands(*commands: str) -> Question:
    """A start with custom commands."""
    return asks(Action.START, target=replace(NIGHTLY, commands=commands), posts=True)


@pytest.mark.parametrize(
    ("allowed", "given_commands", "expected"),
    [
        (None, (), Verdict.ALLOW),
        (None, COMMANDS, Verdict.DENY),
        (Overrides(), COMMANDS, Verdict.ALLOW),
        (Overrides(any=False), (), Verdict.ALLOW),
        (Overrides(any=False), COMMANDS, Verdict.DENY),
        (Overrides(any=False, patterns=("dbt run --select *", "dbt test")), COMMANDS, Verdict.ALLOW),
        (Overrides(any=False, patterns=("dbt run --select *",)), COMMANDS, Verdict.DENY),
        (Overrides(any=False, patterns=("dbt run --select *",)), (), Verdict.ALLOW),
    ],
)
def test_commands_are_off_unless_a_rule_allows_them(
    allowed: Overrides | None, given_commands: tuple[str, ...], expected: Verdict
) -> None:
    """Commands given with a start are denied unless a rule allows every one of them."""
    policy = only(Rule("r", Allow(), which=Which(commands=allowed)))
    assert word(policy, question=with_commands(*given_commands)) is expected


def test_a_rule_can_refuse_commands_alone() -> None:
    """A rule can deny only starts with commands and leave the others to the next rule."""
    deny = Rule("r", Deny("no commands here"), which=Which(commands=Overrides()))
    policy = Policy((deny, Rule("rest", Allow(), which=Which(commands=Overrides()))))
    assert word(policy) is Verdict.ALLOW
    assert decide(policy, MEMBER, HERE, with_commands("dbt run")).reason == "no commands here"


@pytest.mark.parametrize(
    "given_commands",
    [
        ("dbt run-operation drop",),
        ("dbt run-operation drop", "dbt test"),
        ("dbt test", "dbt run-operation drop"),
        ("dbt run-operation drop; true",),
        ('dbt run-operation drop "$x"',),
        ("dbt 'run-operation",),
        (UNKNOWN_COMMAND,),
    ],
)
@pytest.mark.parametrize("effect", [Deny("never"), Approve("@leads")])
def test_a_refusal_of_a_command_is_not_got_round(given_commands: tuple[str, ...], effect: Deny | Approve) -> None:
    """Neither a second command nor one that can't be split into words gets around a denial or a required approval."""
    forbidden = Which(commands=Overrides(any=False, patterns=("dbt run-operation **",)))
    anything = Rule("rest", Allow(), which=Which(commands=Overrides()))
    policy = Policy((Rule("r", effect, which=forbidden), anything))
    assert decide(policy, MEMBER, HERE, with_commands(*given_commands)).rule == "r"
    assert decide(policy, MEMBER, HERE, with_commands("dbt test")).rule == "rest"


def test_a_refusal_for_commands_alone_says_so() -> None:
    """The refusal names the commands or the branch if the schedule could be started without them."""
    policy = Policy((Rule("start", Allow(), which=Which(branch=Overrides(any=False))),))
    assert word(policy) is Verdict.ALLOW
    decision = decide(policy, MEMBER, HERE, with_commands("dbt run"))
    assert decision.reason == "your own commands (--command) aren't allowed"
    other = replace(START, target=replace(START.target, branch="dev"))
    assert decide(policy, MEMBER, HERE, other).reason == "a branch other than the schedule's (--branch) isn't allowed"
    both = replace(START, target=replace(START.target, branch="dev", commands=("dbt run",)))
    assert decide(policy, MEMBER, HERE, both).reason == (
        "your own commands (--command) and a branch other than the schedule's (--branch) aren't allowed"
    )


def test_a_rule_for_the_rest_has_its_reason_and_the_commands() -> None:
    """A refusal by a catch-all rule gives its author's reason, and names the commands too."""
    policy = Policy((Rule("start", Allow()), Rule("rest", Deny("ask #data first"))))
    decision = decide(policy, MEMBER, HERE, with_commands("dbt run"))
    assert decision.reason == "ask #data first; your own commands (--command) aren't allowed"
    retry = replace(with_commands("dbt run"), action=Action.RETRY)
    assert (
        "the run's commands, which differ from its schedule's, aren't allowed"
        in decide(policy, MEMBER, HERE, retry).reason
    )


def test_a_refusal_that_is_not_for_the_commands_does_not_name_them() -> None:
    """A refusal doesn't mention the commands if it would be the same without them."""
    policy = Policy((Rule("none", Deny("nobody starts anything")),))
    assert decide(policy, MEMBER, HERE, with_commands("dbt run")).reason == "nobody starts anything"


def test_an_approval_is_not_got_round_by_asking_for_more() -> None:
    """Adding commands or using a shared channel doesn't get a start past a rule that requires approval."""
    later = Rule("rest", Allow(), where=Where(shared=True), which=Which(commands=Overrides()))
    here = Rule("rest", Allow(), which=Which(commands=Overrides()))
    policy = Policy((Rule("r", Approve("@leads")), later, here))
    assert decide(policy, MEMBER, HERE, START).verdict is Verdict.APPROVE
    decision = decide(policy, MEMBER, HERE, with_commands("dbt run"))
    assert (decision.verdict, decision.rule) == (Verdict.DENY, "r")
    assert "doesn't cover commands that replace" in decision.reason
    assert decide(policy, MEMBER, SHARED, START).verdict is Verdict.DENY
    assert decide(policy, MEMBER, UNSEEN, START).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("patterns", "branch", "expected"),
    [
        (("main", "release/*"), "release/3", Verdict.ALLOW),
        (("main",), "dev", Verdict.DENY),
        (("main",), None, Verdict.ALLOW),
        ((), "dev", Verdict.DENY),
    ],
)
def test_branches(patterns: tuple[str, ...], branch: str | None, expected: Verdict) -> None:
    """A branch, if one is given, has to match one of the patterns."""
    policy = only(Rule("r", Allow(), which=Which(branch=Overrides(any=False, patterns=patterns))))
    assert word(policy, question=asks(Action.START, target=replace(NIGHTLY, branch=branch))) is expected


# --- any policy and any question ---

# A small vocabulary, so that rules often match.
TEXTS = st.sampled_from(["a", "b", "*", "[", "", "ü\n"])
GROUPS = st.frozensets(st.sampled_from(["@a", "@b"]))
ROLES = st.just(frozenset({Role.MEMBER})) | st.frozensets(st.sampled_from(list(Role)), max_size=3)
PEOPLE = st.builds(Person, TEXTS, st.none() | ROLES, st.none() | GROUPS, st.none() | TEXTS)
PLACES = st.builds(
    ChannelInfo, TEXTS, st.none() | TEXTS, st.none() | st.sampled_from(list(ChannelKind)), st.none() | st.booleans()
)
TARGETS = st.builds(
    Target,
    st.none() | TEXTS,
    TEXTS,
    st.none() | TEXTS,
    st.none() | TEXTS,
    st.just(()) | st.tuples(TEXTS),
)
QUESTIONS = st.builds(Question, st.sampled_from(list(Action)), TARGETS, st.booleans())
OVERRIDES = st.none() | st.builds(Overrides, any=st.booleans(), patterns=st.tuples(TEXTS))
RULES = st.builds(
    Rule,
    st.sampled_from(["first", "second", "third"]),
    st.just(Allow()) | st.builds(Deny, TEXTS) | st.just(Approve("@a")),
    st.just(Who())
    | st.builds(
        Who,
        st.frozensets(TEXTS, max_size=2),
        GROUPS,
        st.frozensets(st.sampled_from(list(Role)), max_size=2),
        st.frozensets(TEXTS, max_size=1),
    ),
    st.just(Where())
    | st.builds(Where, st.tuples(TEXTS), st.frozensets(st.sampled_from(list(ChannelKind))), st.none() | st.booleans()),
    st.just(frozenset(Action)) | st.frozensets(st.sampled_from(list(Action))),
    st.just(Which()) | st.builds(Which, st.tuples(TEXTS), st.just(()), OVERRIDES, OVERRIDES),
)


REST = st.just(Rule("rest", Allow())) | RULES


@settings(max_examples=50)
@given(st.lists(RULES, max_size=2), REST, PEOPLE, PLACES, QUESTIONS)
def test_it_always_decides_and_never_by_a_rule_that_does_not_fit(
    rules: list[Rule], rest: Rule, person: Person, channel_info: ChannelInfo, question: Question
) -> None:
    """If a request is allowed, the first rule that fits allows it, whichever facts are known."""
    policy = Policy((*rules, rest))
    decision = decide(policy, person, channel_info, question)
    found = list(fits(policy, person, channel_info, question))
    # Hypothesis fails the test if too few requests are allowed.
    assume(decision.verdict in {Verdict.ALLOW, Verdict.APPROVE})
    first = next(fit for fit in found if fit.fits)
    assert decision.rule == first.rule.name
    assert not isinstance(first.rule.effect, Deny)
    before = found[: found.index(first)]
    assert not question.action.acts or all(fit.fits is False for fit in before)


@given(PEOPLE, PLACES, QUESTIONS)
def test_who_may_not_be_told_apart_never_acts_by_default(
    person: Person, channel_info: ChannelInfo, question: Question
) -> None:
    """By default, only members act, and nothing is posted in channels that are or may be shared."""
    decision = decide(DEFAULT_POLICY, person, channel_info, question)
    assume(decision.allowed)
    if question.action.acts:
        assert person.roles is not None
        assert Role.MEMBER in person.roles
    if question.posts:
        assert channel_info.shared is False


@pytest.mark.parametrize("action", [Action.START, Action.RETRY])
def test_backticks_are_allowed_word_for_word_alone(action: Action) -> None:
    """A rule for any command doesn't allow backticks; only a pattern that lists the command word for word does."""
    asking = Question(action, replace(NIGHTLY, commands=("dbt run", "echo `date`")), posts=True)
    assert decide(DEFAULT_POLICY, MEMBER, HERE, asking) == Decision(
        Verdict.DENY, "members can do everything", BACKTICKS, by_default=True
    )
    for effect in (Allow(), Approve("@data")):
        anything = only(Rule("anything", effect, which=Which(commands=Overrides())))
        assert word(anything, question=asking) is Verdict.DENY
    listed = Overrides(any=False, patterns=("dbt **", "echo `date`"))
    assert word(only(Rule("just this", Allow(), which=Which(commands=listed))), question=asking) is Verdict.ALLOW
    refused = Policy((Rule("no", Deny("no"), which=Which(commands=listed)), *DEFAULT_POLICY.rules))
    assert with_backticks(refused, asking.target.commands) == ("echo `date`",)
