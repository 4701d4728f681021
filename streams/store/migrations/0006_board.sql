-- Figures that the board shows again and again, kept by materialized views as events come in. Everything in them is a set or an
-- extreme, so an event that is delivered twice, or a batch that is written again, changes nothing.
--
-- events_hourly: the different events of each hour of business time by place (a duplicate has the time and place of the first).
CREATE TABLE IF NOT EXISTS events_hourly
(
    source_system LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD),
    region_code LowCardinality(String),
    centre_id LowCardinality(String),
    department_id LowCardinality(String),
    events AggregateFunction(uniqCombined64, UUID),
    accepted AggregateFunction(uniqCombined64, String),
    completed AggregateFunction(uniqCombined64, String),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (source_system, hour, region_code, centre_id, department_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS events_to_hourly TO events_hourly AS
SELECT source_system, toStartOfHour(toDateTime(occurred_at, 'UTC')) AS hour, region_code, centre_id, department_id,
    uniqCombined64State(event_id) AS events,
    uniqCombined64StateIf(case_id, event_type IN ('case_accepted', 'supplement_accepted')) AS accepted,
    uniqCombined64StateIf(case_id, event_type = 'case_completed') AS completed,
    max(occurred_at) AS last_at
FROM events_raw WHERE occurred_at >= '1970-01-02 00:00:00' AND occurred_at < '2106-01-01 00:00:00'
GROUP BY source_system, hour, region_code, centre_id, department_id;

-- cases_span: when each case was last opened and last closed, and where: it is open if it was opened later.
CREATE TABLE IF NOT EXISTS cases_span
(
    source_system LowCardinality(String),
    case_id String CODEC(ZSTD),
    opened_at SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))),
    closed_at SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))),
    region_code SimpleAggregateFunction(max, LowCardinality(String)),
    centre_id SimpleAggregateFunction(max, LowCardinality(String)),
    department_id SimpleAggregateFunction(max, LowCardinality(String))
)
ENGINE = AggregatingMergeTree
ORDER BY (source_system, case_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS events_to_cases_span TO cases_span AS
SELECT source_system, case_id,
    maxIf(toNullable(occurred_at), event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened')) AS opened_at,
    maxIf(toNullable(occurred_at), event_type NOT IN ('case_accepted', 'supplement_accepted', 'case_reopened')) AS closed_at,
    max(if(event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened'), region_code, '')) AS region_code,
    max(if(event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened'), centre_id, '')) AS centre_id,
    max(if(event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened'), department_id, '')) AS department_id
FROM events_raw
WHERE case_id != '' AND event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened',
    'case_completed', 'case_returned', 'case_withdrawn', 'case_terminated', 'case_voided', 'acceptance_refused')
GROUP BY source_system, case_id;

-- feed_minutes: how much each source sent lately, by the broker's clock. feed_last: what was newest of it.
CREATE TABLE IF NOT EXISTS feed_minutes
(
    source_system LowCardinality(String),
    minute DateTime('UTC') CODEC(Delta, ZSTD),
    events AggregateFunction(uniqCombined64, UUID)
)
ENGINE = AggregatingMergeTree
ORDER BY (source_system, minute)
TTL minute + INTERVAL 2 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS events_to_feed_minutes TO feed_minutes AS
SELECT source_system, toStartOfMinute(toDateTime(broker_at, 'UTC')) AS minute, uniqCombined64State(event_id) AS events
FROM events_raw GROUP BY source_system, minute;

CREATE TABLE IF NOT EXISTS feed_last
(
    source_system LowCardinality(String),
    last_event_wall SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    last_event_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY source_system
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS events_to_feed_last TO feed_last AS
SELECT source_system, max(broker_at) AS last_event_wall, max(occurred_at) AS last_event_at FROM events_raw GROUP BY source_system;

-- What was stored before these tables existed. To take it in twice changes nothing.
INSERT INTO events_hourly
SELECT source_system, toStartOfHour(toDateTime(occurred_at, 'UTC')) AS hour, region_code, centre_id, department_id,
    uniqCombined64State(event_id), uniqCombined64StateIf(case_id, event_type IN ('case_accepted', 'supplement_accepted')),
    uniqCombined64StateIf(case_id, event_type = 'case_completed'), max(occurred_at)
FROM events_raw WHERE occurred_at >= '1970-01-02 00:00:00' AND occurred_at < '2106-01-01 00:00:00'
GROUP BY source_system, hour, region_code, centre_id, department_id
SETTINGS max_partitions_per_insert_block = 0;

INSERT INTO cases_span
SELECT source_system, case_id,
    maxIf(toNullable(occurred_at), event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened')),
    maxIf(toNullable(occurred_at), event_type NOT IN ('case_accepted', 'supplement_accepted', 'case_reopened')),
    max(if(event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened'), region_code, '')),
    max(if(event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened'), centre_id, '')),
    max(if(event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened'), department_id, ''))
FROM events_raw
WHERE case_id != '' AND event_type IN ('case_accepted', 'supplement_accepted', 'case_reopened',
    'case_completed', 'case_returned', 'case_withdrawn', 'case_terminated', 'case_voided', 'acceptance_refused')
GROUP BY source_system, case_id;

INSERT INTO feed_minutes
SELECT source_system, toStartOfMinute(toDateTime(broker_at, 'UTC')) AS minute, uniqCombined64State(event_id)
FROM events_raw WHERE broker_at > now() - INTERVAL 2 DAY GROUP BY source_system, minute;

INSERT INTO feed_last
SELECT source_system, max(broker_at), max(occurred_at) FROM events_raw GROUP BY source_system;
