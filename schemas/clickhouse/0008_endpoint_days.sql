-- What an endpoint was on a day: the last record of it that came on each day, so that
-- two days can be compared. Days are those of the broker's timestamp, the same for
-- every repeat of a row. By id before day: the records of one endpoint resemble each
-- other and pack well beside each other. Small granules, for a reader wants one
-- record of a day and not all that an endpoint ever had.
--
-- Retention is that of the rollups: a row a day and endpoint is not to be kept for
-- ever where the latest record is.
CREATE TABLE IF NOT EXISTS {{.Database}}.endpoint_days
(
    tenant          LowCardinality(String) COMMENT 'Tenant',
    id              String                 COMMENT 'Hash of tenant, host, method and template' CODEC(ZSTD(1)),
    day             Date                   COMMENT 'Day on which Kafka got the record, UTC' CODEC(Delta, ZSTD(1)),
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    topic_offset    UInt64                 COMMENT 'Kafka offset: the version' CODEC(ZSTD(1)),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record' CODEC(Delta, ZSTD(1)),
    deleted         Bool                   COMMENT 'Whether the record is a tombstone',
    supersedes      Array(String)          COMMENT 'Ids of endpoints that a merge made part of this one' CODEC(ZSTD(1)),
    record          String                 COMMENT 'The whole record, JSON' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(topic_offset)
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, id, day, topic_id)
{{ttl "received" .RollupsDays}}
SETTINGS index_granularity_bytes = 131072
COMMENT 'Last record of each endpoint on each day that had one. Read v_endpoint_days.';

CREATE MATERIALIZED VIEW IF NOT EXISTS {{.Database}}.endpoint_days_feed TO {{.Database}}.endpoint_days AS
SELECT tenant, id, toDate(received, 'UTC') AS day, topic_id, topic_offset, received, deleted, supersedes, record
FROM {{.Database}}.endpoints;

-- The day is in the key: FINAL need not merge across months. LIMIT BY takes the topic
-- that spoke last, as v_endpoints does; tombstones stay, for they end what was before.
CREATE VIEW IF NOT EXISTS {{.Database}}.v_endpoint_days AS
SELECT * FROM {{.Database}}.endpoint_days FINAL
ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id, day
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Last record of each endpoint on each day that had one, tombstones too. As of a day: the last row on or before it.';
