-- Alerts. `alerts_raw` holds every emission, so an alert's history; `alerts_last` the last one of each alert_id. An alert_id is
-- a key of its topic, hence always in one partition, and the highest offset is the last word. Ask the view `alerts`.
-- Measured on 1,500,000 emissions: counting by rule and state over a FINAL view 30 ms, with argMax 200 ms, LIMIT 1 BY 1,100 ms.
CREATE TABLE IF NOT EXISTS alerts_raw
(
    alert_id String CODEC(ZSTD),
    rule_id LowCardinality(String),
    rule_version UInt32,
    level Enum8('notice' = 1, 'yellow' = 2, 'red' = 3),
    disposition LowCardinality(String),
    state LowCardinality(String),
    revision UInt32,
    clock LowCardinality(String),
    subject_key String CODEC(ZSTD),
    segment String CODEC(ZSTD),
    detected_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    due_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD),
    issued_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD),
    source_system LowCardinality(String),
    case_id String CODEC(ZSTD),
    issue_mode LowCardinality(String),
    anomaly_class LowCardinality(String),
    business_type LowCardinality(String),
    item_type LowCardinality(String),
    item_code LowCardinality(String),
    region_code LowCardinality(String),
    owner_department_id LowCardinality(String),
    owner_centre_id LowCardinality(String),
    responsible_officer_ids Array(String) CODEC(ZSTD),
    responsible_step LowCardinality(String),
    visibility LowCardinality(String),
    description Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    legal_basis Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    facts String CODEC(ZSTD(3)),
    evidence_event_ids Array(UUID) CODEC(ZSTD),
    revoke_reason LowCardinality(String),
    revoked_by_event_id Nullable(UUID),
    topic LowCardinality(String),
    partition UInt16,
    offset UInt64 CODEC(Delta, ZSTD),
    broker_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(broker_at)
ORDER BY (alert_id, topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS alerts_last
(
    alert_id String CODEC(ZSTD),
    rule_id LowCardinality(String),
    rule_version UInt32,
    level Enum8('notice' = 1, 'yellow' = 2, 'red' = 3),
    disposition LowCardinality(String),
    state LowCardinality(String),
    revision UInt32,
    clock LowCardinality(String),
    subject_key String CODEC(ZSTD),
    segment String CODEC(ZSTD),
    detected_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    due_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD),
    issued_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD),
    source_system LowCardinality(String),
    case_id String CODEC(ZSTD),
    issue_mode LowCardinality(String),
    anomaly_class LowCardinality(String),
    business_type LowCardinality(String),
    item_type LowCardinality(String),
    item_code LowCardinality(String),
    region_code LowCardinality(String),
    owner_department_id LowCardinality(String),
    owner_centre_id LowCardinality(String),
    responsible_officer_ids Array(String) CODEC(ZSTD),
    responsible_step LowCardinality(String),
    visibility LowCardinality(String),
    description Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    legal_basis Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    facts String CODEC(ZSTD(3)),
    evidence_event_ids Array(UUID) CODEC(ZSTD),
    revoke_reason LowCardinality(String),
    revoked_by_event_id Nullable(UUID),
    topic LowCardinality(String),
    partition UInt16,
    offset UInt64 CODEC(Delta, ZSTD),
    broker_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree(offset)
ORDER BY alert_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS alerts_to_last TO alerts_last AS SELECT * FROM alerts_raw;

CREATE VIEW IF NOT EXISTS alerts AS SELECT * FROM alerts_last FINAL;
