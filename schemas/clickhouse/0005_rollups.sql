-- Rollups are states that a repeat leaves alone: a bitmap of offsets within one
-- (topic, partition), a maximum, a set for counting distinct values. A sum would
-- count a batch that is inserted twice, twice.
--
-- sample_rate is in the key so that views can weigh; the endpoint is the one by the
-- catalog of the moment, and v_endpoint_minutes resolves merged ones before it
-- counts, so that a repeat under a newer catalog still falls into the same bitmap.
-- By month, not by day: they are small and kept long. Retention counts from
-- receipt, or a replay of an old file would vanish at once.
CREATE TABLE IF NOT EXISTS {{.Database}}.endpoint_minutes
(
    tenant          LowCardinality(String)                             COMMENT 'Tenant',
    endpoint_id     LowCardinality(String)                             COMMENT 'Endpoint by the catalog of the moment',
    minute          DateTime('UTC')                                    COMMENT 'Start of the minute, event time' CODEC(Delta, LZ4),
    topic_id        UUID                                               COMMENT 'Kafka id of the topic',
    topic_partition Int32                                              COMMENT 'Kafka partition: offsets are unique within it' CODEC(T64, LZ4),
    sample_rate     UInt32                                             COMMENT 'Transactions that each event stands for' CODEC(T64, LZ4),
    endpoint        SimpleAggregateFunction(max, String)               COMMENT 'METHOD host/template',
    received        SimpleAggregateFunction(max, DateTime('UTC'))      COMMENT 'Newest receipt; retention counts from it',
    hits            AggregateFunction(groupBitmap, UInt64)             COMMENT 'Offsets of all events',
    client_errors   AggregateFunction(groupBitmap, UInt64)             COMMENT 'Offsets of those with status 400 to 499',
    server_errors   AggregateFunction(groupBitmap, UInt64)             COMMENT 'Offsets of those with status 500 and more',
    refused         AggregateFunction(groupBitmap, UInt64)             COMMENT 'Offsets of those that the edge refused on our order',
    max_duration_us SimpleAggregateFunction(max, UInt64)               COMMENT 'Longest, microseconds',
    principals      AggregateFunction(uniq, String)                    COMMENT 'Principals',
    last_seen       SimpleAggregateFunction(max, DateTime64(6, 'UTC')) COMMENT 'Newest event'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (tenant, minute, endpoint_id, topic_id, topic_partition, sample_rate)
{{ttl "received" .RollupsDays}}
COMMENT 'States of events by endpoint and minute. Read v_endpoint_minutes.';

CREATE MATERIALIZED VIEW IF NOT EXISTS {{.Database}}.endpoint_minutes_feed TO {{.Database}}.endpoint_minutes AS
SELECT
    tenant, endpoint_id, toStartOfMinute(toDateTime(ts, 'UTC')) AS minute, topic_id, topic_partition, sample_rate,
    max(e.endpoint) AS endpoint,
    max(toDateTime(e.received, 'UTC')) AS received,
    groupBitmapState(topic_offset) AS hits,
    groupBitmapStateIf(topic_offset, status >= 400 AND status < 500) AS client_errors,
    groupBitmapStateIf(topic_offset, status >= 500) AS server_errors,
    groupBitmapStateIf(topic_offset, bitTest(flags, 4)) AS refused,
    max(duration_us) AS max_duration_us,
    uniqState(principal) AS principals,
    max(ts) AS last_seen
FROM {{.Database}}.events AS e
GROUP BY tenant, endpoint_id, minute, topic_id, topic_partition, sample_rate;

CREATE TABLE IF NOT EXISTS {{.Database}}.principal_hours
(
    tenant          LowCardinality(String)                             COMMENT 'Tenant',
    principal       String                                             COMMENT 'Who acts, as in events',
    hour            DateTime('UTC')                                    COMMENT 'Start of the hour, event time' CODEC(Delta, LZ4),
    topic_id        UUID                                               COMMENT 'Kafka id of the topic',
    topic_partition Int32                                              COMMENT 'Kafka partition: offsets are unique within it' CODEC(T64, LZ4),
    sample_rate     UInt32                                             COMMENT 'Transactions that each event stands for' CODEC(T64, LZ4),
    received        SimpleAggregateFunction(max, DateTime('UTC'))      COMMENT 'Newest receipt; retention counts from it',
    hits            AggregateFunction(groupBitmap, UInt64)             COMMENT 'Offsets of all events',
    client_errors   AggregateFunction(groupBitmap, UInt64)             COMMENT 'Offsets of those with status 400 to 499',
    server_errors   AggregateFunction(groupBitmap, UInt64)             COMMENT 'Offsets of those with status 500 and more',
    refused         AggregateFunction(groupBitmap, UInt64)             COMMENT 'Offsets of those that the edge refused on our order',
    paths           AggregateFunction(uniq, String)                    COMMENT 'Undecoded paths',
    addresses       AggregateFunction(uniq, String)                    COMMENT 'Client addresses',
    first_seen      SimpleAggregateFunction(min, DateTime64(6, 'UTC')) COMMENT 'First event',
    last_seen       SimpleAggregateFunction(max, DateTime64(6, 'UTC')) COMMENT 'Newest event'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, principal, topic_id, topic_partition, sample_rate)
{{ttl "received" .RollupsDays}}
COMMENT 'States of events by principal and hour. Read v_principal_hours.';

CREATE MATERIALIZED VIEW IF NOT EXISTS {{.Database}}.principal_hours_feed TO {{.Database}}.principal_hours AS
SELECT
    tenant, principal, toStartOfHour(toDateTime(ts, 'UTC')) AS hour, topic_id, topic_partition, sample_rate,
    max(toDateTime(e.received, 'UTC')) AS received,
    groupBitmapState(topic_offset) AS hits,
    groupBitmapStateIf(topic_offset, status >= 400 AND status < 500) AS client_errors,
    groupBitmapStateIf(topic_offset, status >= 500) AS server_errors,
    groupBitmapStateIf(topic_offset, bitTest(flags, 4)) AS refused,
    uniqState(path) AS paths,
    uniqState(client_address) AS addresses,
    min(ts) AS first_seen,
    max(ts) AS last_seen
FROM {{.Database}}.events AS e
GROUP BY tenant, principal, hour, topic_id, topic_partition, sample_rate;
