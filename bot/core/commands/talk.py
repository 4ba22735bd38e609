"""The vocabulary around a name: verbs and synonyms, requests, questions, negations, times. English only.

Tables and small functions on single lowercase words without surrounding punctuation.

`bot.core.commands.guess` and `bot.core.schedules.resolve_guess` decide how a line with such words is understood.
"""

from __future__ import annotations

from rapidfuzz.distance import OSA


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Verbs that start, end or change something. A synonym is never carried out directly, only offered as a button.
ACTING: dict[str, frozenset[str]] = {
    "run": frozenset({"run", "start", "trigger", "launch", "execute", "kickoff", "kick", "fire", "begin", "rebuild"}),
    "retry": frozenset({"retry", "rerun", "re-run", "restart", "re-start", "redo", "repeat"}),
    "cancel": frozenset({"cancel", "stop", "abort", "kill", "terminate", "halt", "end"}),
    "pause": frozenset({"pause", "suspend", "disable", "hold", "freeze", "deactivate"}),
    "resume": frozenset({"resume", "unpause", "unsuspend", "enable", "reactivate", "activate", "continue"}),
    "watch": frozenset({"watch", "monitor", "subscribe"}),
    "unwatch": frozenset({"unwatch", "unsubscribe"}),
}
# Verbs that only read, the most specific first: "show me the logs" asks for logs.
READING: dict[str, frozenset[str]] = {
    "logs": frozenset({"logs", "log", "output", "error", "errors", "stderr", "stdout", "tail", "traceback"}),
    "artifacts": frozenset({"artifacts", "artifact", "files", "manifest"}),
    "history": frozenset({"history", "chart", "trend", "durations"}),
    "runs": frozenset({"runs"}),
    "status": frozenset({"status", "state", "check", "progress"}),
    "show": frozenset({"show", "details", "describe", "info", "display"}),
    "list": frozenset({"list", "ls", "schedules", "jobs"}),
}
VERB_OF: dict[str, str] = {word: verb for table in (READING, ACTING) for verb, words in table.items() for word in words}
# Particles that belong to a verb: "kick off nightly", "fire up nightly".
PARTICLES: dict[str, frozenset[str]] = {"kick": frozenset({"off"}), "fire": frozenset({"off", "up"})}

# Words that may precede the verb of a request: "hey bolt, could you please".
REQUEST = _words(
    """
    a ahead also and bolt bot can could gotta go hey hello hi i i'd id just kindly let let's lets like maybe
    me must need now ok okay pls please plz quickly so somebody someone then to us u wanna want we we'd will
    would ya yes yo you
    """
)
# Filler that doesn't change the meaning of a request.
NOISE = _words(
    """
    a again all-right an asap away bolt bot cheers for immediately job jobs just me my now our pipeline pls
    please plz quickly right run schedule task thank thanks the this thx us workflow you
    """
)
EVERYTHING = frozenset({"all", "everything", "whole", "entire", "completely", "entirely"})
LAST = frozenset({"last", "latest", "newest"})
PRONOUNS = frozenset({"it", "that", "this", "one", "run", "the"})

WH = _words(
    """
    why what what's whats when when's where which who who's whose whom how how's hows whether wonder
    wondering
    """
)
AUXILIARY = _words("am are did do does had has have is may might shall should was were is'nt are'nt any anybody anyone")
NEGATION = _words(
    """
    aint avoid cannot cant didnt doesnt dont except hardly neither never no nobody none nope nor not nothing
    rather shouldnt wasnt without wont wouldnt
    """
)
CONDITION = _words("after as because before if once since though unless until till while whenever")
LATER = _words(
    """
    am at clock daily day days every evening friday hour hourly hours later mins minute minutes monday month
    morning next night noon o'clock pm saturday sometime soon sunday thursday today tomorrow tonight tuesday
    wednesday week weekend weekly yesterday
    """
)
STATES = _words(
    """
    bad better broke broken busy cancelled canceled crashed crashes done down dead died ended fail failed
    failing failure failures fails fine finished flaky good great green hanging hangs hung late ok okay
    passed passes red ran running runs skipped slow started stopped stuck succeeded succeeds success took
    worked works
    """
)
# Conversational words. None of them is taken for a mistyped name.
TALK = (
    WH
    | AUXILIARY
    | NEGATION
    | CONDITION
    | LATER
    | STATES
    | REQUEST
    | _words(
        """
    about been being but by from get gets getting getting got he her him his if in into it its it's like lot
    many meeting more much of off on or other out over really she some that that's the their them there these
    they thing things think this those time too up very well with work working yet your
    """
    )
) - {"full", "a"}

_PREPOSITIONS = frozenset({"on", "from", "against", "using", "with", "for", "in", "at"})
BEFORE_A_BRANCH = _PREPOSITIONS - {"for", "at", "in", "with"}
BRANCHES = _words("dev develop development main master prod production qa staging test trunk uat")
# English words that are one typo away from a verb but mean something else.
_NO_SLIPS = _words(
    """
    ran fun sun gun bun nun rum rung ruin rub rug rut lost last lust least how shot shop shoe snow slow cause
    causes logo logic lots loss look entry retro paused resumed cancelled canceled retried runner running
    runny statue stats static hell hello held heal heap hero lets let lock dogs login story shown showed
    shows listen listed lit lift mist star stare stars stat state stout spot stoop skill kills bill hill will
    mill fill ill about aborted batch catch hatch latch match patch
    """
)


def near_verb(word: str) -> str | None:
    """The verb that a mistyped word means, or None if it doesn't mean one.

    Allows one wrong, missing, extra or swapped letter, and two in long verbs.
    """
    if len(word) < 3 or word in TALK or word in _NO_SLIPS or word in VERB_OF:
        return None
    best: tuple[int, str] | None = None
    for known in (*READING, *ACTING, "stop", "start", "rerun", "abort", "whoami", "audit", "help"):
        most = 1 if len(known) < 6 else 2
        away = OSA.distance(word, known, score_cutoff=most)
        if away <= most and (len(known) > 3 or len(word) > 2) and (best is None or away < best[0]):
            best = away, known
    return None if best is None else VERB_OF.get(best[1], best[1])


def is_denial(word: str) -> bool:
    """Whether a word is a negation, such as `not`, `don't` or `wouldn't`."""
    return word in NEGATION or word.endswith("n't")


def plain(word: str) -> str:
    """Normalize a word for the tables: lower case, plain apostrophes, no surrounding punctuation."""
    return word.lower().replace("’", "'").replace("‘", "'").strip(".,;:!?…()[]{}\"'*_~-–—")
