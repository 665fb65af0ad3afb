"""The store: where things live, and the only way to write them."""
