"""The auto-pilot: it takes issues, has agents work them in desks of their own, and brings them in. ADR 0036."""
