"""What is usual for an item among offices of one level: counted over a span of stored events, published as reference data."""
