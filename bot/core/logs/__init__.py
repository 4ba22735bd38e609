"""Reading failures from a command's output and from dbt's own files."""
