"""The claims of the review and its five studies, tested on cohorts."""
