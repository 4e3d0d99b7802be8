"""The command line, `wk`: one module a verb."""
