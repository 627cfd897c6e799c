-- The latest order of each key, and apart from it the latest end (a tombstone):
-- were they one row, an ended block would no longer say what it was.
-- No partition by day: an order and its renewals must merge, and there are few.
CREATE TABLE IF NOT EXISTS {{.Database}}.actions
(
    tenant          LowCardinality(String) COMMENT 'Tenant',
    key             String                 COMMENT 'tenant|target type|value|scope|issuer' CODEC(ZSTD(1)),
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    tombstone       Bool                   COMMENT 'Whether the record ends the key; then only its place and key are filled in',
    topic_partition Int32                  COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                 COMMENT 'Kafka offset: the version' CODEC(ZSTD(1)),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record; retention counts from it' CODEC(Delta, ZSTD(1)),

    id            String                 COMMENT 'Id of the action' CODEC(ZSTD(1)),
    op            LowCardinality(String) COMMENT 'block, throttle, challenge, allow, log',
    target_type   LowCardinality(String) COMMENT 'address, cidr, credential, subject, session, ja4+route, certificate, service-edge',
    target        String                 COMMENT 'Who it is for: an address or a keyed hash' CODEC(ZSTD(1)),
    target_key_id LowCardinality(String) COMMENT 'Name of the key of a keyed hash',
    scope         LowCardinality(String) COMMENT 'Host, or host and path prefix; * is all',
    issuer        LowCardinality(String) COMMENT 'service/rule/partition or person/name',
    mode          LowCardinality(String) COMMENT 'dry_run or enforce',
    not_before    DateTime64(6, 'UTC')   COMMENT 'From when on',
    not_after     DateTime64(6, 'UTC')   COMMENT 'Until when',
    revision      Int64                  COMMENT 'Offset of the record that caused it; an enforcer ignores a lower one',
    reason        String                 COMMENT 'Why' CODEC(ZSTD(1)),
    rule          LowCardinality(String) COMMENT 'Rule that led to it',
    findings      Array(String)          COMMENT 'Ids of the findings behind it' CODEC(ZSTD(1)),
    evidence      String                 COMMENT 'Masked' CODEC(ZSTD(1)),
    guards        Nested(name LowCardinality(String), value Float64, limit Float64) COMMENT 'Numbers the decision was bounded by',
    event_time    DateTime64(6, 'UTC')   COMMENT 'When the newest supporting event was seen by its sensor',
    record        String                 COMMENT 'The whole record, JSON: the bytes that were signed' CODEC(ZSTD(3)),
    signature     String                 COMMENT 'Ed25519 signature over record, hex' CODEC(ZSTD(1)),
    signing_key   LowCardinality(String) COMMENT 'Name of the key that signed'
)
ENGINE = ReplacingMergeTree(topic_offset)
ORDER BY (tenant, key, topic_id, tombstone)
{{ttl "received" .ActionsDays}}
COMMENT 'Latest order and latest end of each key. Read v_actions.';

-- One row a record of mirador.actions.status.
CREATE TABLE IF NOT EXISTS {{.Database}}.action_status
(
    tenant          LowCardinality(String) COMMENT 'Tenant',
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    topic_partition Int32                  COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1)),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record; retention counts from it' CODEC(Delta, ZSTD(1)),
    ts              DateTime64(6, 'UTC')   COMMENT 'When the enforcer did it' CODEC(Delta, ZSTD(1)),
    action_id       String                 COMMENT 'Id of the action' CODEC(ZSTD(1)),
    key             String                 COMMENT 'Key of the action' CODEC(ZSTD(1)),
    enforcer        LowCardinality(String) COMMENT 'Name of the enforcer',
    edge            LowCardinality(String) COMMENT 'Kind and place, as http:edge-1',
    state           LowCardinality(String) COMMENT 'enforced, dry_run, refused, expired, failed',
    op              LowCardinality(String) COMMENT 'As in actions',
    target_type     LowCardinality(String) COMMENT 'As in actions',
    target          String                 COMMENT 'As in actions' CODEC(ZSTD(1)),
    target_key_id   LowCardinality(String) COMMENT 'As in actions',
    revision        Int64                  COMMENT 'As in actions',
    rule            LowCardinality(String) COMMENT 'As in actions',
    since_event_ms  Float64                COMMENT 'From the newest supporting event to ts, ms: the time to enforce',
    error           String                 COMMENT 'What went wrong, for refused and failed' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(received)
ORDER BY (tenant, topic_id, topic_partition, topic_offset)
{{ttl "received" .ActionsDays}}
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What each enforcer did and when. Read v_action_status.';
