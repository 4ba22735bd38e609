"""What a command's output and dbt's own files say of a failure."""
