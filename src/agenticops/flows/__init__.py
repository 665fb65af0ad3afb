"""The flows: what people do; one use case a file."""
