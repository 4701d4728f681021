"""From Kafka records to ClickHouse rows: the translation, where it begins, how it is written. `streams.sink` runs it."""
