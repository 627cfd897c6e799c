-- What sessions do, and what was released. No partition by day, as for principals: the
-- records of one key must merge.
CREATE TABLE IF NOT EXISTS {{.Database}}.flows
(
    tenant          LowCardinality(String) COMMENT 'Tenant',
    id              String                 COMMENT 'Host' CODEC(ZSTD(1)),
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    topic_partition Int32                  COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                 COMMENT 'Kafka offset: the version' CODEC(ZSTD(1)),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record; retention counts from it' CODEC(Delta, ZSTD(1)),
    deleted         Bool                   COMMENT 'Whether the record is a tombstone',
    ts              DateTime64(6, 'UTC')   COMMENT 'Event time up to which it counts',
    operations      UInt64                 COMMENT 'Operations that it holds',
    moves           UInt64                 COMMENT 'Ways between them',
    mandatory       UInt64                 COMMENT 'Prerequisites that SEQ-01 holds sessions to',
    record          String                 COMMENT 'The whole record, JSON' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(topic_offset)
ORDER BY (tenant, id, topic_id)
{{ttl "received" .CatalogDays}}
COMMENT 'Latest business flows of each host. Read v_flows.';

CREATE TABLE IF NOT EXISTS {{.Database}}.deploys
(
    tenant          LowCardinality(String) COMMENT 'Tenant',
    id              String                 COMMENT 'Tells releases apart' CODEC(ZSTD(1)),
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    topic_partition Int32                  COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                 COMMENT 'Kafka offset: the version' CODEC(ZSTD(1)),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record; retention counts from it' CODEC(Delta, ZSTD(1)),
    deleted         Bool                   COMMENT 'Whether the record is a tombstone: it was taken back',
    service         LowCardinality(String) COMMENT 'What was released: a service or a host',
    version         String                 COMMENT 'Its version' CODEC(ZSTD(1)),
    person          LowCardinality(String) COMMENT 'Who says so',
    ts              DateTime64(6, 'UTC')   COMMENT 'When it went live',
    note            String                 COMMENT 'Why' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(topic_offset)
ORDER BY (tenant, id, topic_id)
{{ttl "received" .CatalogDays}}
COMMENT 'Releases of services, as people and pipelines say. Read v_deploys.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_flows AS
SELECT * FROM
(
    SELECT * FROM {{.Database}}.flows FINAL
    ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id
)
WHERE NOT deleted
COMMENT 'Business flows, the newest of each host.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_deploys AS
SELECT * FROM
(
    SELECT * FROM {{.Database}}.deploys FINAL
    ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id
)
WHERE NOT deleted
COMMENT 'Releases of services, each once.';
