"""The worker: what leaves the repository is delivered here, by one at a time. ADR 0039."""
