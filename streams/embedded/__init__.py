"""The services themselves, started on this machine from wheels: Kafka and ClickHouse, for those who have no cluster."""
