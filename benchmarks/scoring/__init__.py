"""What the benchmarks of scoring share: cohorts, methods, leave-one-cohort-out, tables."""
