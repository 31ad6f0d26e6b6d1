"""All SQL. Nothing above this package knows a table name."""
