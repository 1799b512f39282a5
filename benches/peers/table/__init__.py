"""The rows of docs/benchmarks.md: what is measured (`rows`), by whom (`peers`), how (`measure`) and how it is told (`report`)."""
