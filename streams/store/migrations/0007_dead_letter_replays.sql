-- Which dead letters were put back, by where they came from. `begun` is written before anything is sent and `done` behind it, so a
-- letter whose sending was cut off is never sent twice by accident; `aborted`: nothing of it was sent.
CREATE TABLE IF NOT EXISTS dead_letter_replays
(
    origin_topic LowCardinality(String),
    origin_partition UInt16,
    origin_offset UInt64,
    run UUID,
    state Enum8('begun' = 1, 'done' = 2, 'aborted' = 3),
    at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (origin_topic, origin_partition, origin_offset, at)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW IF NOT EXISTS dead_letter_standing AS
SELECT origin_topic, origin_partition, origin_offset, argMax(state, (at, state)) AS standing, max(at) AS since
FROM dead_letter_replays GROUP BY origin_topic, origin_partition, origin_offset;
