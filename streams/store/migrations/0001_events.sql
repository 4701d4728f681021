-- Events as they were stored. One row per event of a case or subject: a second message with the same event_id collapses into
-- the first one that arrived (lowest offset), in merges and, before them, in the view. The key begins with what people look up;
-- month partitions are dropped or moved as a whole: for a retention add
--   ALTER TABLE events_raw MODIFY TTL toDateTime(occurred_at) + INTERVAL 10 YEAR
-- An absent text is '', an absent number or time NULL. On a cluster the engine becomes ReplicatedReplacingMergeTree behind a
-- Distributed table sharded by cityHash64(source_system, case_id, subject), so that duplicates meet on one shard.
CREATE TABLE IF NOT EXISTS events_raw
(
    event_id UUID,
    event_type LowCardinality(String),
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    source_system LowCardinality(String),
    case_id String CODEC(ZSTD),
    subject String CODEC(ZSTD),
    schema_version Int16,
    recorded_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD),
    received_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD),
    time_precision LowCardinality(String),
    source_seq String CODEC(ZSTD),
    data_version Int32,
    source_op LowCardinality(String),
    supersedes_event_id Nullable(UUID),
    batch_id String CODEC(ZSTD),
    batch_kind LowCardinality(String),
    parent_case_id String CODEC(ZSTD),
    root_case_id String CODEC(ZSTD),
    parent_source_system LowCardinality(String),
    root_source_system LowCardinality(String),
    case_role LowCardinality(String),
    item_catalog_code LowCardinality(String),
    item_implement_code LowCardinality(String),
    item_version Nullable(Int32),
    item_type LowCardinality(String),
    case_type LowCardinality(String),
    legal_limit Nullable(Int32),
    legal_limit_unit LowCardinality(String),
    promised_limit Nullable(Int32),
    promised_limit_unit LowCardinality(String),
    region_code LowCardinality(String),
    region_level Nullable(Int8),
    matter_region_code LowCardinality(String),
    centre_id LowCardinality(String),
    window_id LowCardinality(String),
    department_id LowCardinality(String),
    actor_officer_id String CODEC(ZSTD),
    actor_person_hash String CODEC(ZSTD),
    actor_role LowCardinality(String),
    actor_post_place LowCardinality(String),
    recorded_by String CODEC(ZSTD),
    device_id String CODEC(ZSTD),
    network_zone LowCardinality(String),
    applicant_hash String CODEC(ZSTD),
    applicant_type Nullable(Int8),
    agent_person_hash String CODEC(ZSTD),
    agent_org_id String CODEC(ZSTD),
    channel Nullable(Int8),
    queue_ticket_no String CODEC(ZSTD),
    project_code String CODEC(ZSTD),
    flags Array(LowCardinality(String)),
    secrecy_class LowCardinality(String),
    payload String CODEC(ZSTD(3)),
    topic LowCardinality(String),
    partition UInt16,
    offset UInt64 CODEC(Delta, ZSTD),
    broker_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD),
    arrival UInt64 MATERIALIZED bitNot(offset) CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree(arrival)
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (source_system, case_id, subject, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

-- Every event once, also before merges.
CREATE VIEW IF NOT EXISTS events AS SELECT * FROM events_raw FINAL;

-- What lay at every offset of the event topics: an event (with its id), a control record, or a message that was refused.
-- Narrow on purpose: with offset_ranges it proves by SQL that nothing was lost and shows what was delivered more than once.
CREATE TABLE IF NOT EXISTS event_positions
(
    topic LowCardinality(String),
    partition UInt16,
    offset UInt64 CODEC(Delta, ZSTD),
    kind Enum8('event' = 1, 'control' = 2, 'refused' = 3),
    event_id UUID,
    broker_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(broker_at)
ORDER BY (topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 1000;
