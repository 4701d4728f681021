"""ClickHouse as the product uses it: the client, the schema in numbered migrations, and the questions asked of it."""
