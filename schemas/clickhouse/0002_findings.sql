-- The latest record of each finding.
--
-- A finding's first event never changes, so all its versions fall into one day's
-- partition and merge. Should a detector break that, FINAL is right all the same,
-- for it merges across partitions here; only space is lost.
--
-- Offsets order the records of one topic. Those of a topic that was created anew
-- start again, so its id is in the key and v_findings takes the topic that spoke last.
CREATE TABLE IF NOT EXISTS {{.Database}}.findings
(
    tenant          LowCardinality(String) COMMENT 'Tenant',
    id              String                 COMMENT 'Hash of what makes the finding one: the same id again is an update' CODEC(ZSTD(1)),
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    topic_partition Int32                  COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                 COMMENT 'Kafka offset: the version' CODEC(ZSTD(1)),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record; retention counts from it' CODEC(Delta, ZSTD(1)),

    detector   LowCardinality(String) COMMENT 'signature, behavior, classifier, ...',
    rule       LowCardinality(String) COMMENT 'Rule, as BOLA-01 or CRS-942100',
    title      LowCardinality(String) COMMENT 'Title of the rule',
    severity   LowCardinality(String) COMMENT 'info, low, medium, high, critical',
    confidence Float64                COMMENT 'Probability, 0 to 1, that the statement is true',
    count      UInt64                 COMMENT 'Events that support it so far',
    ts         DateTime64(6, 'UTC')   COMMENT 'Event time at which this update was raised',
    first_seen DateTime64(6, 'UTC')   COMMENT 'Time of its first event',
    last_seen  DateTime64(6, 'UTC')   COMMENT 'Time of its newest event',

    principal   String                 COMMENT 'Who acts, as in events' CODEC(ZSTD(1)),
    addresses   Array(String)          COMMENT 'Client addresses, the newest first' CODEC(ZSTD(1)),
    credential  String                 COMMENT 'Keyed hash, hex' CODEC(ZSTD(1)),
    session     String                 COMMENT 'Keyed hash, hex' CODEC(ZSTD(1)),
    key_id      LowCardinality(String) COMMENT 'Name of the key of the hashes',
    endpoint    LowCardinality(String) COMMENT 'METHOD host/template',
    endpoint_id LowCardinality(String) COMMENT 'Id in the catalog',
    service     LowCardinality(String) COMMENT 'Service that was called',
    ja4         LowCardinality(String) COMMENT 'JA4 fingerprint',

    events           Array(String)                 COMMENT 'Ids of the first supporting events, up to 20; join with events.event_id' CODEC(ZSTD(1)),
    evidence         Nested(location LowCardinality(String), path String, masked String, note String) COMMENT 'Masked exemplars',
    features         Nested(name LowCardinality(String), value Float64) COMMENT 'Numbers the decision was made from',
    baseline         Nested(name LowCardinality(String), value Float64) COMMENT 'What is normal for them',
    summary          String                        COMMENT 'One sentence that can be checked' CODEC(ZSTD(1)),
    counterfactual   String                        COMMENT 'What would not have alerted' CODEC(ZSTD(1)),
    owasp            Array(LowCardinality(String)) COMMENT 'OWASP API Security Top 10 2023',
    cwe              Array(LowCardinality(String)) COMMENT 'Common Weakness Enumeration',
    attack           Array(LowCardinality(String)) COMMENT 'MITRE ATT&CK techniques',
    remediation      LowCardinality(String)        COMMENT 'What to do about it',
    detector_version LowCardinality(String)        COMMENT 'Version of the detector',
    rules_version    LowCardinality(String)        COMMENT 'Version of the rules',
    catalog_version  LowCardinality(String)        COMMENT 'Version of the catalog',
    record           String                        COMMENT 'The whole record, JSON' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(topic_offset)
PARTITION BY toDate(first_seen)
ORDER BY (tenant, id, topic_id)
{{ttl "received" .FindingsDays}}
COMMENT 'Latest record of each finding. Read v_findings.';
