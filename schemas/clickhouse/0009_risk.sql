-- How much each principal is to be feared, and what people say of findings. No
-- partition by day, as for actions: the records of one key must merge.
CREATE TABLE IF NOT EXISTS {{.Database}}.principals
(
    tenant          LowCardinality(String) COMMENT 'Tenant',
    id              String                 COMMENT 'Principal, as in events' CODEC(ZSTD(1)),
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    topic_partition Int32                  COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                 COMMENT 'Kafka offset: the version' CODEC(ZSTD(1)),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record; retention counts from it' CODEC(Delta, ZSTD(1)),
    deleted         Bool                   COMMENT 'Whether the record is a tombstone: the responder has forgotten the principal',
    risk            Float64                COMMENT 'Risk as of ts, 0 to 100; v_principals has it as of now',
    level           LowCardinality(String) COMMENT 'What the risk calls for: calm, throttle, challenge, block',
    held            String                 COMMENT 'What keeps the level below what the risk alone would make it',
    ts              DateTime64(6, 'UTC')   COMMENT 'Event time as of which it was computed',
    first_seen      DateTime64(6, 'UTC')   COMMENT 'First event of its findings',
    last_seen       DateTime64(6, 'UTC')   COMMENT 'Newest event of its findings',
    findings        UInt64                 COMMENT 'Findings so far',
    addresses       Array(String)          COMMENT 'Client addresses, the newest first' CODEC(ZSTD(1)),
    parts           Nested(family LowCardinality(String), rule LowCardinality(String), finding String, share Float64, half_life_s Float64, ts DateTime64(6, 'UTC'))
                                           COMMENT 'What each finding adds: share is precision times severity, half of which is left a half-life after ts',
    summary         String                 COMMENT 'One sentence that can be checked' CODEC(ZSTD(1)),
    record          String                 COMMENT 'The whole record, JSON' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(topic_offset)
ORDER BY (tenant, id, topic_id)
{{ttl "received" .FindingsDays}}
COMMENT 'Latest record of each principal with findings. Read v_principals.';

CREATE TABLE IF NOT EXISTS {{.Database}}.verdicts
(
    tenant          LowCardinality(String) COMMENT 'Tenant',
    id              String                 COMMENT 'Id of the finding' CODEC(ZSTD(1)),
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in' CODEC(ZSTD(1)),
    topic_partition Int32                  COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                 COMMENT 'Kafka offset: the version' CODEC(ZSTD(1)),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record; retention counts from it' CODEC(Delta, ZSTD(1)),
    deleted         Bool                   COMMENT 'Whether the record is a tombstone',
    detector        LowCardinality(String) COMMENT 'Detector of the finding',
    rule            LowCardinality(String) COMMENT 'Rule of the finding',
    principal       String                 COMMENT 'Principal of the finding' CODEC(ZSTD(1)),
    verdict         LowCardinality(String) COMMENT 'true, benign_true, false, unknown',
    person          LowCardinality(String) COMMENT 'Who says so',
    ts              DateTime64(6, 'UTC')   COMMENT 'When',
    note            String                 COMMENT 'Why' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(topic_offset)
ORDER BY (tenant, id, topic_id)
{{ttl "received" .CatalogDays}}
COMMENT 'Latest verdict on each finding. Read v_verdicts.';

-- The formula is that of package risk: of a family only the strongest counts.
CREATE VIEW IF NOT EXISTS {{.Database}}.v_principals AS
SELECT
    *,
    arrayMap((share, half_life, at) -> if(half_life > 0, share * exp2(-greatest(0, (toUnixTimestamp64Micro(now64(6, 'UTC')) - toUnixTimestamp64Micro(at)) / 1e6) / half_life), 0),
        parts.share, parts.half_life_s, parts.ts) AS shares_now,
    100 * (1 - arrayFold((left, family) -> left * (1 - arrayMax((s, f) -> if(f = family, s, 0), shares_now, parts.family)),
        arrayDistinct(parts.family), toFloat64(1))) AS risk_now
FROM
(
    SELECT * FROM {{.Database}}.principals FINAL
    ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id
)
WHERE NOT deleted
COMMENT 'Every principal with findings once; risk_now is its risk decayed to this moment, shares_now what is left of each part.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_verdicts AS
SELECT * FROM
(
    SELECT * FROM {{.Database}}.verdicts FINAL
    ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id
)
WHERE NOT deleted
COMMENT 'What people say of findings, the newest of each.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_rule_verdicts AS
SELECT
    f.tenant AS tenant, f.detector AS detector, f.rule AS rule,
    any(f.title) AS title,
    count() AS findings,
    avg(f.confidence) AS confidence,
    countIf(v.verdict = 'true') AS said_true,
    countIf(v.verdict = 'benign_true') AS said_benign,
    countIf(v.verdict = 'false') AS said_false,
    countIf(v.verdict = 'unknown') AS said_unknown
FROM {{.Database}}.v_findings AS f
LEFT JOIN {{.Database}}.v_verdicts AS v ON f.tenant = v.tenant AND f.id = v.id
GROUP BY tenant, detector, rule
COMMENT 'Findings by rule, and what people said of them.';
