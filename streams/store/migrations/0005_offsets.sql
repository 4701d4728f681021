-- How far each consumer has written each partition. A row of offset_ranges says: everything from `first` to `last` is stored,
-- `rows` records of it (fewer than last - first + 1 where compaction or transactions leave holes). The consumer goes on behind
-- the highest `last`, which `offset_progress` keeps in one row a partition, so that the ranges may be thinned out by their TTL.
CREATE TABLE IF NOT EXISTS offset_ranges
(
    consumer LowCardinality(String),
    topic LowCardinality(String),
    partition UInt16,
    first UInt64 CODEC(Delta, ZSTD),
    last UInt64 CODEC(Delta, ZSTD),
    rows UInt64,
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree
ORDER BY (consumer, topic, partition, first, last)
TTL toDateTime(written_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS offset_progress
(
    consumer LowCardinality(String),
    topic LowCardinality(String),
    partition UInt16,
    last SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (consumer, topic, partition)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS offset_ranges_to_progress TO offset_progress AS
SELECT consumer, topic, partition, max(last) AS last FROM offset_ranges GROUP BY consumer, topic, partition;

-- Records that retention removed before they were written, and that somebody accepted as lost.
CREATE TABLE IF NOT EXISTS offset_losses
(
    consumer LowCardinality(String),
    topic LowCardinality(String),
    partition UInt16,
    first UInt64,
    last UInt64,
    accepted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (consumer, topic, partition, first, last);
