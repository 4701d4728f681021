"""ClickHouse's native TCP protocol in front of the chdb engine, so that clickhouse-driver and everything above it sees a server."""
