"""The command line, one module a command: arguments in, one call of a workflow, a table out."""
