-- What no stream could take, byte for byte, with the reason. Keyed by where it came from: a letter written twice counts once.
CREATE TABLE IF NOT EXISTS dead_letters_raw
(
    origin_topic LowCardinality(String),
    origin_partition UInt16,
    origin_offset UInt64 CODEC(Delta, ZSTD),
    reason LowCardinality(String),
    field String CODEC(ZSTD),
    wanted String CODEC(ZSTD),
    key String CODEC(ZSTD),
    value String CODEC(ZSTD(3)),
    headers Map(String, String) CODEC(ZSTD),
    topic LowCardinality(String),
    partition UInt16,
    offset UInt64 CODEC(Delta, ZSTD),
    broker_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree(offset)
ORDER BY (origin_topic, origin_partition, origin_offset)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW IF NOT EXISTS dead_letters AS SELECT * FROM dead_letters_raw FINAL;
