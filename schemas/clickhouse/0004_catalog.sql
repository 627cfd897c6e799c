-- The latest record of each endpoint and of each sensitive field. No partition by
-- day: what is still seen would leave its old versions behind in other partitions.
CREATE TABLE IF NOT EXISTS {{.Database}}.endpoints
(
    tenant          LowCardinality(String)        COMMENT 'Tenant',
    id              String                        COMMENT 'Hash of tenant, host, method and template' CODEC(ZSTD(1)),
    topic_id        UUID                          COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    topic_partition Int32                         COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                        COMMENT 'Kafka offset: the version' CODEC(ZSTD(1)),
    received        DateTime64(6, 'UTC')          COMMENT 'Timestamp of the Kafka record' CODEC(Delta, ZSTD(1)),
    deleted         Bool                          COMMENT 'Whether the record is a tombstone',
    host            LowCardinality(String)        COMMENT 'Host, lower case',
    method          LowCardinality(String)        COMMENT 'HTTP method',
    template        String                        COMMENT 'Path in which a segment that varies stands as its type' CODEC(ZSTD(1)),
    protocol        LowCardinality(String)        COMMENT 'rest, graphql, grpc, soap, jsonrpc',
    source          LowCardinality(String)        COMMENT 'learned or specification',
    version         Int64                         COMMENT 'Version of the template',
    supersedes      Array(String)                 COMMENT 'Ids of endpoints that a merge made part of this one' CODEC(ZSTD(1)),
    first_seen      DateTime64(6, 'UTC')          COMMENT 'First transaction',
    last_seen       DateTime64(6, 'UTC')          COMMENT 'Newest transaction',
    hits            UInt64                        COMMENT 'Transactions so far',
    statuses        Nested(name LowCardinality(String), count UInt64) COMMENT 'Transactions by status class, as 2xx',
    auth            Nested(name LowCardinality(String), count UInt64) COMMENT 'Transactions by identity scheme',
    params          Nested(place LowCardinality(String), name String, types String, count UInt64) COMMENT 'Parameters: where they stand, their types, the most frequent first, and how often',
    services        Array(LowCardinality(String)) COMMENT 'Services that answer it',
    record          String                        COMMENT 'The whole record, JSON' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(topic_offset)
ORDER BY (tenant, id, topic_id)
{{ttl "received" .CatalogDays}}
COMMENT 'Latest record of each endpoint. Read v_endpoints.';

CREATE TABLE IF NOT EXISTS {{.Database}}.fields
(
    tenant          LowCardinality(String) COMMENT 'Tenant',
    id              String                 COMMENT 'Hash of tenant, endpoint, direction, location, path and type' CODEC(ZSTD(1)),
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    topic_partition Int32                  COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                 COMMENT 'Kafka offset: the version' CODEC(ZSTD(1)),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record' CODEC(Delta, ZSTD(1)),
    deleted         Bool                   COMMENT 'Whether the record is a tombstone',
    endpoint_id     LowCardinality(String) COMMENT 'Endpoint by the catalog of the moment',
    endpoint        LowCardinality(String) COMMENT 'METHOD host/template',
    direction       LowCardinality(String) COMMENT 'request or response',
    location        LowCardinality(String) COMMENT 'path, query, header, cookie, body',
    path            String                 COMMENT 'Where the field stands in it' CODEC(ZSTD(1)),
    type            LowCardinality(String) COMMENT 'pan, iban, email, ssn, jwt, cloud-key, ...',
    confidence      Float64                COMMENT 'Probability, 0 to 1, that the field carries the type',
    confirmed       Bool                   COMMENT 'Whether that passed the bar',
    seen            UInt64                 COMMENT 'Values that were looked at',
    matched         UInt64                 COMMENT 'Those that passed the validator',
    distinct_values UInt64                 COMMENT 'Different ones among these',
    masked          Array(String)          COMMENT 'Shapes of up to 3 values; never a value' CODEC(ZSTD(1)),
    first_seen      DateTime64(6, 'UTC')   COMMENT 'First match',
    last_seen       DateTime64(6, 'UTC')   COMMENT 'Newest match',
    record          String                 COMMENT 'The whole record, JSON' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(topic_offset)
ORDER BY (tenant, id, topic_id)
{{ttl "received" .CatalogDays}}
COMMENT 'Latest record of each sensitive field. Read v_fields.';
