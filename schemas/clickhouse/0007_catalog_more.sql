-- Who reaches an endpoint, how often, what it takes and how risky that is. The
-- schemas of bodies stand in record.
ALTER TABLE {{.Database}}.endpoints ADD COLUMN IF NOT EXISTS `auth_served.name`  Array(LowCardinality(String)) COMMENT 'Transactions answered 2xx by identity scheme: names' AFTER services,
    ADD COLUMN IF NOT EXISTS `auth_served.count` Array(UInt64)                 COMMENT 'Transactions answered 2xx by identity scheme: counts' AFTER `auth_served.name`,
    ADD COLUMN IF NOT EXISTS `exposure.name`     Array(LowCardinality(String)) COMMENT 'Transactions answered 2xx by network of the caller: names' AFTER `auth_served.count`,
    ADD COLUMN IF NOT EXISTS `exposure.count`    Array(UInt64)                 COMMENT 'Transactions answered 2xx by network of the caller: counts' AFTER `exposure.name`,
    ADD COLUMN IF NOT EXISTS callers             UInt64                        COMMENT 'Principals that were served, estimated' AFTER `exposure.count`,
    ADD COLUMN IF NOT EXISTS per_minute          Float64                       COMMENT 'Transactions a minute, mean between first and last' AFTER callers,
    ADD COLUMN IF NOT EXISTS peak                UInt64                        COMMENT 'Transactions of the busiest minute of the last hour with traffic' AFTER per_minute,
    ADD COLUMN IF NOT EXISTS latency_p50_ms      Float64                       COMMENT 'Time from request to response: median' AFTER peak,
    ADD COLUMN IF NOT EXISTS latency_p95_ms      Float64                       COMMENT 'Time from request to response: 95th percentile' AFTER latency_p50_ms,
    ADD COLUMN IF NOT EXISTS latency_p99_ms      Float64                       COMMENT 'Time from request to response: 99th percentile' AFTER latency_p95_ms,
    ADD COLUMN IF NOT EXISTS response_p95_bytes  Float64                       COMMENT 'Size of the response: 95th percentile' AFTER latency_p99_ms,
    ADD COLUMN IF NOT EXISTS data_classes        Array(LowCardinality(String)) COMMENT 'Kinds of personal data that learned formats show' AFTER response_p95_bytes,
    ADD COLUMN IF NOT EXISTS risk                UInt64                        COMMENT 'Risk score, 0 to 100' AFTER data_classes,
    ADD COLUMN IF NOT EXISTS likelihood          UInt64                        COMMENT 'How easy it is to reach, 0 to 100' AFTER risk,
    ADD COLUMN IF NOT EXISTS impact              UInt64                        COMMENT 'What could be lost, 0 to 100' AFTER likelihood;

-- A view has the columns that its table had when it was made.
CREATE OR REPLACE VIEW {{.Database}}.v_endpoints AS
SELECT * FROM
(
    SELECT * FROM {{.Database}}.endpoints FINAL
    ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id
)
WHERE NOT deleted
COMMENT 'Every endpoint once, as it stands now; endpoints that a merge ended are gone.';
