"""Messages of databases and dbt that aren't in the recorded outputs, each with the hint that fits it.

Sources: the adapters' code and public issue threads. Names and values are made up.
"""

from __future__ import annotations

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("login_expired", "390114 (08001): Authentication token has expired.  The user must authenticate again."),
    ("login_expired", "Login failed for user '<token-identified principal>'. Token is expired."),
    (
        "login_failed",
        "250001 (08001): Failed to connect to DB: x.snowflakecomputing.com:443. Incorrect username or password was specified.",
    ),
    ("login_failed", "JWT token is invalid. [0d3c…]"),
    (
        "address_blocked",
        "250001 (08001): Incoming request with IP/Token 203.0.113.7 is not allowed to access Snowflake.",
    ),
    (
        "address_blocked",
        'connection to server at "db", port 5432 failed: FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u", database "d", SSL encryption',
    ),
    ("dns", 'could not translate host name "db.internal" to address: Name or service not known'),
    (
        "tls",
        "External connection exception occurred: HTTPSConnectionPool(host='hub.getdbt.com', port=443): Max retries exceeded (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')))",
    ),
    ("warehouse_starting", "Error during request to server: : too many 503 error responses"),
    ("warehouse_starting", "Cluster 0123-456789-abc restart timed out after 600 seconds"),
    (
        "sf_monitor",
        "090073 (22000): Warehouse 'TRANSFORMING' cannot be resumed because resource monitor 'MONTHLY' has exceeded its quota.",
    ),
    (
        "sf_no_warehouse",
        "000606 (57P03): No active warehouse selected in the current session.  Select an active warehouse with the 'use warehouse' command.",
    ),
    (
        "quota",
        "Quota exceeded: Your project exceeded quota for concurrent queries. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas",
    ),
    ("quota", "403 Exceeded rate limits: too many table update operations for this table."),
    (
        "query_resources",
        "Resources exceeded during query execution: The query could not be executed in the allotted memory.",
    ),
    ("query_resources", "Out of Memory Error: could not allocate block of size 256.0 KiB (3.1 GiB/3.1 GiB used)"),
    ("query_resources", "Query exhausted resources at this scale factor"),
    ("disk_full", "[Errno 28] No space left on device"),
    (
        "statement_timeout",
        "000630 (57014): Statement reached its statement or warehouse timeout of 3,600 second(s) and was canceled.",
    ),
    (
        "statement_timeout",
        "Operation timed out after 6.0 hours. Consider reducing the amount of work performed by your operation so that it can complete within this limit.",
    ),
    (
        "lock_timeout",
        "000625 (57014): Statement '01a…' has locked table 'ORDERS' in transaction 1 and this lock has not yet been released.",
    ),
    (
        "lock_timeout",
        'IO Error: Could not set lock on file "/data/kiosk.duckdb": Conflicting lock is held in python (PID 41)',
    ),
    ("deadlock", "deadlock detected"),
    (
        "deadlock",
        "('40001', '[40001] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Transaction (Process ID 61) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction. (1205) (SQLExecDirectW)')",
    ),
    ("concurrent_update", "Could not serialize access to table p:d.t due to concurrent update"),
    (
        "concurrent_update",
        "[DELTA_CONCURRENT_APPEND] ConcurrentAppendException: Files were added by a concurrent update.",
    ),
    (
        "concurrent_update",
        "1023\nSerializable isolation violation on table - 100, transactions forming the cycle are: 1, 2",
    ),
    ("permission", "003001 (42501): Insufficient privileges to operate on schema 'MARTS'"),
    ("permission", "Access Denied: Table p:d.t: User does not have permission to query table p:d.t"),
    (
        "permission",
        "[INSUFFICIENT_PERMISSIONS] Insufficient privileges: User does not have USE SCHEMA on Schema 'main.marts'.",
    ),
    ("sf_missing_or_denied", "002003 (42S02): Object 'RAW.SALES' does not exist or not authorized."),
    ("missing_relation", "Not found: Table p:d.orders was not found in location EU"),
    (
        "missing_relation",
        "[TABLE_OR_VIEW_NOT_FOUND] The table or view `raw`.`sales` cannot be found. Verify the spelling and correctness of the schema and catalog.",
    ),
    (
        "missing_relation",
        "TrinoUserError(type=USER_ERROR, name=TABLE_NOT_FOUND, message=\"line 1:15: Table 'hive.raw.sales' does not exist\", query_id=2026)",
    ),
    (
        "missing_relation",
        "('42S02', \"[42S02] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Invalid object name 'raw.sales'. (208) (SQLExecDirectW)\")",
    ),
    ("missing_function", "Function not found: dateadd at [3:10]"),
    ("missing_function", "Catalog Error: Scalar Function with name dateaddd does not exist!"),
    (
        "missing_column",
        "000904 (42000): SQL compilation error: error line 3 at position 4\ninvalid identifier 'NET_AMNT'",
    ),
    ("missing_column", "Unrecognized name: net_amnt; Did you mean net_amount? at [3:5]"),
    (
        "missing_column",
        "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name `net_amnt` cannot be resolved.",
    ),
    (
        "missing_column",
        "COLUMN_NOT_FOUND: line 3:5: Column 'net_amnt' cannot be resolved or requester is not authorized to access requested resources",
    ),
    ("syntax", "001003 (42000): SQL compilation error:\nsyntax error line 3 at position 4 unexpected 'from'."),
    ("syntax", "Syntax error: Expected end of input but got keyword FROM at [4:1]"),
    ("syntax", "[PARSE_SYNTAX_ERROR] Syntax error at or near 'from'. SQLSTATE: 42601 (line 4, pos 0)"),
    ("ambiguous", "SQL compilation error:\nambiguous column name 'ID'"),
    ("ambiguous", 'Binder Error: Ambiguous reference to column name "id" (use: "a.id" or "b.id")'),
    (
        "group_by",
        'Binder Error: column "city" must appear in the GROUP BY clause or must be part of an aggregate function.',
    ),
    ("types", "No matching signature for operator = for argument types: INT64, STRING at [5:8]"),
    ("subquery_rows", "Scalar subquery produced more than one element"),
    ("subquery_rows", "more than one row returned by a subquery used as an expression"),
    ("merge_duplicates", "100090 (42P18): Duplicate row detected during DML action"),
    ("merge_duplicates", "UPDATE/MERGE must match at most one source row for each target row"),
    (
        "merge_duplicates",
        "[DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE] Cannot perform Merge as multiple source rows matched",
    ),
    ("unique_violation", 'duplicate key value violates unique constraint "orders_pkey"'),
    ("unique_violation", 'Constraint Error: Duplicate key "id: 1" violates primary key constraint.'),
    ("not_null_violation", "Constraint Error: NOT NULL constraint failed: orders.id"),
    ("div_zero", "100051 (22012): Division by zero"),
    (
        "div_zero",
        "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead.",
    ),
    ("cast", "100038 (22018): Numeric value 'n/a' is not recognized"),
    ("cast", "Bad int64 value: n/a"),
    (
        "cast",
        '[CAST_INVALID_INPUT] The value \'n/a\' of the type "STRING" cannot be cast to "INT" because it is malformed.',
    ),
    ("cast", "Conversion Error: Could not convert string 'n/a' to INT32"),
    ("too_big", "100078 (22000): String 'a very long name' is too long and would be truncated"),
    (
        "too_big",
        '[ARITHMETIC_OVERFLOW] integer overflow. If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
    ),
    ("version_mismatch", "This version of dbt is not supported with the 'dbt_utils' package."),
    ("ref_disabled", "Model 'model.kiosk.report' (models/report.sql) depends on a node named 'old' which is disabled"),
    ("schema_change", "The source and target schemas on this incremental model are out of sync!"),
    ("freshness_stale", "Status: error"),
    ("freshness_stale", "stale"),
    ("freshness_stale", "stale: its newest row was 3 days old"),
    (
        "packages_not_installed",
        'dbt expects 1 package(s) based on packages specified in packages.yml, but found only 0 package(s) installed in dbt_packages. Run "dbt deps" to install package dependencies.',
    ),
    (
        "git_refused",
        "Error checking out spec='None' for repo file:///packages/kiosk.git\nCloning into '61ef4482b50aff68'...\nfatal: '/packages/kiosk.git' does not appear to be a git repository\nfatal: Could not read from remote repository.",
    ),
    ("missing_column", 'Binder Error: Referenced column "boo" was not found because the FROM clause is missing'),
    ("jinja", "unexpected 'end of print statement'\n  line 1"),
)

# Texts that look like one of the above but aren't, with the only hint that may be shown for them.
LOOK_ALIKES: tuple[tuple[str | None, str], ...] = (
    (None, "Got 2 results, configured to warn if >0"),
    (None, "the customer wrote: permission denied for the whole family"),
    (None, "loading row 1023 of 2000"),
    (None, "kiosk: no rate for country ZZ"),
    (None, "value 'division by zero' in column note is not allowed here"),
    (None, 'Install package dependencies with "dbt deps"'),
    (None, "This version of dbt is deprecated"),
    (None, "HTTP 503 Service Unavailable"),
    (None, 'Someone said: syntax error at or near "from"'),
    (None, ""),
    ("git_refused", "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository."),
    ("statement_timeout", "canceling statement due to statement timeout"),
    ("lock_timeout", "canceling statement due to lock timeout"),
    ("query_cancelled", "canceling statement due to user request"),
    ("login_failed", 'connection to server at "db", port 5432 failed: FATAL:  role "x" does not exist'),
    ("role_missing", 'role "x" does not exist'),
    ("sf_monitor", "Warehouse 'W' cannot be resumed because resource monitor 'M' has exceeded its quota."),
)
