"""`kedro cycle audit`: the checks that run the project's own code again, as a black box."""
