"""Row values are left out of log text, but everything that a person needs to act on the message stays."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.redact.row_values import LEFT_OUT, without_row_values

# «…» marks the row's value.
QUOTING = r"""
DETAIL:  Failing row contains «(1, null)».
DETAIL:  Failing row contains «(1, Ada (London), 3.5.)».
DETAIL:  Partition key of the failing row contains (created) = «(2020-01-01)».
DETAIL:  Key (customer_id)=«(5)» already exists.
DETAIL:  Key (customer_id, lower(name))=«(5, bob)» already exists.
DETAIL:  Key (id)=«(77)» is not present in table "orders".
DETAIL:  Key (id)=«(77)» is still referenced from table "orders".
invalid input syntax for type integer: "«twenty»"
invalid input syntax for integer: "«twenty»"
invalid input syntax for type double precision: "«a "quoted" one»"
invalid input syntax for type numeric: «abc»
invalid input value for enum mood: "«sad»"
date/time field value out of range: "«2026-02-31»"
value "«99999999999»" is out of range for type integer
malformed array literal: "«abc»"
DETAIL:  Token "«oops»" is invalid.
CONTEXT:  JSON data, line 1: «{oops»
CONTEXT:  COPY orders, line 2, column id: «"abc"»
invalid value "«ab»" for "YYYY"
error: Invalid digit, Value '«T»', Pos 0, Type: Integer
Conversion Error: Could not convert string '«twenty»' to INT32
Conversion Error: Could not convert string "«twenty»" to 'INTEGER'
invalid date field format: "«2020-13-01»", expected format is (YYYY-MM-DD)
timestamp field value out of range: "«2026-02-31 1:00»", expected format is (YYYY-MM-DD HH:MM:SS)
Casting value "«123.456»" to type DECIMAL(3,1) failed: value is out of range!
Could not cast value «1234.5» to DECIMAL(3,1)
Type INT64 with value «300» can't be cast because the value is out of range for the destination type INT8
Constraint Error: Duplicate key "id: «1»" violates primary key constraint.
Violates foreign key constraint because key "id: «1»" does not exist in the referenced table
Could not parse string "«abc»" according to format specifier "%Y"
Out of Range Error: Overflow in addition of INT32 «(2147483647 + 1)»!
Numeric value '«abc»' is not recognized
Date '«abc»' is not recognized
Timestamp '«2020-99»' is not recognized
Boolean value '«maybe»' is not recognized
DML operation to table X failed on column Y with error: Numeric value '«O'Hara»' is not recognized
Failed to cast variant value "«abc»" to FIXED
Failed to cast variant value «{"a": 1}» to DATE
Can't parse '«x»' as date with format 'YYYY'
String '«abc»' is too long and would be truncated
Error parsing JSON: «unknown keyword "abc", pos 3»
Row Values: «[1, "x"]»
Number out of representable range: type FIXED[SB1](3,0){not null}, value «1000»
Bad int64 value: «abc»
Bad double value: «1,2»
Could not cast literal "«abc»" to type DATE
Invalid date: '«abc»'
Invalid timestamp: "«abc»"
Invalid datetime string "«abc»"
Failed to parse input string "«abc»"
Could not parse '«abc»' as INT64 for field x (position 0) starting at location 0
Invalid NUMERIC value: «abc»
int64 overflow: «9223372036854775807 + 1»
Conversion failed when converting the varchar value '«abc»' to data type int.
The conversion of the varchar value '«3000000000»' overflowed an int column.
The duplicate key value is «(1, x)».
String or binary data would be truncated in table 't', column 'c'. Truncated value: '«abc»'.
Arithmetic overflow error for data type tinyint, value = «300».
Duplicate entry '«x»' for key 'PRIMARY'
Incorrect integer value: '«abc»' for column 'x' at row 1
[CAST_INVALID_INPUT] The value '«abc»' of the type "STRING" cannot be cast to "INT" because it is malformed.
[CAST_OVERFLOW] The value «128L» of the type "BIGINT" cannot be cast to "TINYINT" due to an overflow.
[CANNOT_PARSE_TIMESTAMP] Text '«abc»' could not be parsed at index 0
[NUMERIC_VALUE_OUT_OF_RANGE] «123.4» cannot be represented as Decimal(3, 1)
java.lang.NumberFormatException: For input string: "«abc»"
INVALID_CAST_ARGUMENT: Cannot cast '«abc»' to INT
Value cannot be cast to timestamp: «abc»
Cannot parse string '«abc»' as Int32: syntax error at begin of string
ValueError: invalid literal for int() with base 10: '«abc»'
ValueError: could not convert string to float: '«abc»'
ValueError: time data '«abc»' does not match format '%Y'
""".strip().splitlines()

NONE = r"""
null value in column "city" of relation "report__dbt_tmp" violates not-null constraint
DETAIL:  A field with precision 6, scale 2 must round to an absolute value less than 10^4.
DETAIL:  View report depends on table orders.
duplicate key value violates unique constraint "orders_pkey"
value too long for type character varying(10)
column "net_amnt" does not exist
LINE 12: select 'a' as b from "orders"
Binder Error: Referenced column "changed_at" not found in FROM clause!
'dbtt' is not recognized as an internal or external command
Error: Invalid value for '--threads': 'abc' is not a valid integer.
Text 'abc' was read
The value of the setting is wrong
Got 3 results, configured to fail if != 0
Docker context: default
The token is invalid.
""".strip().splitlines()


@pytest.mark.parametrize("line", QUOTING)
def test_a_value_is_left_out_and_all_around_it_stays(line: str) -> None:
    """Only the value is left out; everything before and after it stays, even with a time of day in front."""
    before, _, rest = line.partition("«")
    value, _, after = rest.partition("»")
    for prefix in ("", "12:00:01    ", "12:00:01.123 [error] [Thread-1 (]: "):
        shown = without_row_values(f"above\n{prefix}{before}{value}{after}\nbelow")
        assert shown == f"above\n{prefix}{before}{LEFT_OUT}{after}\nbelow"


@pytest.mark.parametrize("line", QUOTING)
def test_a_line_of_json_loses_the_value_and_stays_json(line: str) -> None:
    """With `--log-format json` and in run_results.json, only the value inside the JSON string is left out."""
    before, _, rest = line.partition("«")
    value, _, after = rest.partition("»")
    message = f"Database Error in model x (x.sql)\n  {before}{value}{after}\n  compiled code at x.sql"
    for written in (json.dumps({"info": {"msg": message}, "pid": 7}), json.dumps({"msg": message}, indent=1)):
        shown = json.loads(without_row_values(written))
        told = shown["info"]["msg"] if "info" in shown else shown["msg"]
        assert told == f"Database Error in model x (x.sql)\n  {before}{LEFT_OUT}{after}\n  compiled code at x.sql"


@pytest.mark.parametrize("line", NONE)
def test_a_line_without_a_value_stays_as_it_is(line: str) -> None:
    """Names of columns, tables and settings aren't values."""
    assert without_row_values(line) == line


def test_the_statement_under_a_cast_error_is_left_out_as_it_holds_the_row() -> None:
    """PostgreSQL repeats the statement's line, which contains rows in the case of a seed, so that line is left out."""
    text = """  invalid input syntax for type integer: "twenty"
  LINE 3:           ('DE','19'),('FR','twenty')
                                      ^
  invalid input syntax for type json
  LINE 12:     select '{oops'::json as j
                      ^
  DETAIL:  Token "oops" is invalid.
  compiled code at target/run/x.sql"""
    assert (
        without_row_values(text)
        == f"""  invalid input syntax for type integer: "{LEFT_OUT}"
  LINE 3: {LEFT_OUT}
                                      ^
  invalid input syntax for type json
  LINE 12: {LEFT_OUT}
                      ^
  DETAIL:  Token "{LEFT_OUT}" is invalid.
  compiled code at target/run/x.sql"""
    )
    shown = without_row_values(json.dumps({"message": text, "unique_id": "seed.a.b"}))
    assert "FR" not in shown
    assert "oops" not in shown.replace("{oops", "")
    assert json.loads(shown)["unique_id"] == "seed.a.b"


def test_a_statement_under_another_error_stays() -> None:
    """A statement under another error stays, because a person needs it to find a missing column."""
    text = 'column "b" does not exist\nLINE 3: select b from "orders"\n               ^'
    assert without_row_values(text) == text


DIFF = """actual differs from expected:

@@ ,order_id,total
   ,4       ,40
→  ,5       ,55→50
+++,6       ,Ada

12:00:02    compiled code at target/compiled/x.sql"""


def test_cells_of_a_unit_tests_difference_are_left_out() -> None:
    """The cells of a unit test's diff are left out; its column names and row markers stay."""
    assert (
        without_row_values(DIFF)
        == f"""actual differs from expected:

@@ ,order_id,total
   ,{LEFT_OUT}
→  ,{LEFT_OUT}
+++,{LEFT_OUT}

12:00:02    compiled code at target/compiled/x.sql"""
    )


def test_the_rest_of_a_difference_is_left_out_where_a_part_of_a_log_begins_with_it() -> None:
    """The rest of a diff is left out even if the text begins inside it, as in a live log; SQL columns stay."""
    shown = without_row_values("   ,4       ,40\n→  ,5       ,55→50\n\n12:00:02    compiled code at x.sql")
    assert shown == f"   ,{LEFT_OUT}\n→  ,{LEFT_OUT}\n\n12:00:02    compiled code at x.sql"
    assert without_row_values(shown) == shown
    statement = "  , order_id\n  , amount - tax\nfrom orders"
    assert without_row_values(statement) == statement


def test_a_difference_inside_json_is_left_out_too() -> None:
    """A diff inside JSON is left out too, although its colors are written as escapes."""
    colored = DIFF.replace("actual", "\x1b[32mactual\x1b[0m").replace("expected:", "\x1b[31mexpected\x1b[0m:")
    shown = without_row_values(json.dumps({"msg": colored.replace("@@", "\x1b[0;1m@@\x1b[0m"), "level": "error"}))
    assert "Ada" not in shown
    assert "55" not in shown
    assert json.loads(shown)["level"] == "error"
    assert "order_id" in shown


def test_rows_that_dbt_show_prints_are_left_out() -> None:
    """Rows that `dbt show` prints are left out; the column names stay."""
    text = "Previewing node 'orders':\n| id | name |\n| -- | ---- |\n|  1 | Ada  |\n|  2 | Bob  |\n\nDone."
    shown = without_row_values(text)
    assert shown.startswith("Previewing node 'orders':\n| id | name |\n| -- | ---- |\n")
    assert "Ada" not in shown
    assert "Bob" not in shown
    assert shown.endswith("\n\nDone.")


def test_a_value_of_several_lines_is_left_out_whole() -> None:
    """A value with line breaks is left out as a whole."""
    text = "DETAIL:  Failing row contains (1, first\nsecond (x)\nthird).\n  compiled code at x.sql"
    assert without_row_values(text) == f"DETAIL:  Failing row contains {LEFT_OUT}.\n  compiled code at x.sql"
    text = "Numeric value 'a\nb' is not recognized"
    assert without_row_values(text) == f"Numeric value '{LEFT_OUT}' is not recognized"


def test_a_check_of_delta_keeps_its_columns() -> None:
    """The columns of a failed Delta check stay; their values are left out."""
    text = "CHECK constraint c (a > 0) violated by row with values:\n - a : -1\n - b : Ada\nnext"
    assert without_row_values(text).endswith(f"values:\n - a : {LEFT_OUT}\n - b : {LEFT_OUT}\nnext")


BEGINNINGS = [line.partition("«")[0] for line in QUOTING]
PIECES = st.sampled_from([*QUOTING, *NONE, *BEGINNINGS, DIFF, "\n", '{"msg": "', "\\n", '"', "'", ")", "LINE 3: x"])


@given(st.lists(PIECES | st.text(max_size=20), max_size=12))
def test_applied_twice_it_is_the_same_as_once(pieces: list[str]) -> None:
    """Applying it twice changes nothing more, so text may pass through it on two paths."""
    once = without_row_values("".join(pieces).replace("«", "").replace("»", ""))
    assert without_row_values(once) == once


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """Any text can be read without an error."""
    without_row_values(text)


@given(st.sampled_from(QUOTING), st.from_regex(r"[a-z]{8,30}", fullmatch=True))
def test_no_value_is_seen(line: str, value: str) -> None:
    """No value is shown, whatever the value is."""
    before, _, rest = line.partition("«")
    inside, _, after = rest.partition("»")
    first, last = (inside[:1], inside[-1:]) if inside[:1] in '([{"' else ("", "")
    assert value not in without_row_values(f"{before}{first}zz{value}{last}{after}")


@pytest.mark.parametrize("begin", [*BEGINNINGS, f"{LEFT_OUT} ", DIFF, "Previewing node\n|a|\n|-|\n", '{"a": "'])
def test_ten_times_the_text_takes_ten_times_as_long(begin: str) -> None:
    """Ten times the text takes less than 40 times as long, even if no value ever ends; quadratic time would be 100."""

    def seconds(times: int) -> float:
        text = begin * (times * 20_000 // len(begin))
        began = time.thread_time()
        without_row_values(text)
        return time.thread_time() - began

    small = min(seconds(1) for _ in range(3))
    # Other load can only add time: the quickest of three small runs counts, and one quick large run is enough.
    assert any(seconds(10) < 40 * max(small, 0.002) for _ in range(3))
