"""The ports: what lies outside."""
