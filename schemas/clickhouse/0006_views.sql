-- What everybody reads. Base tables hold repeats and old versions; these do not.
--
-- The partition of events is the day of the broker's timestamp, the same for every
-- repeat of a row: so FINAL need not merge across partitions.
CREATE VIEW IF NOT EXISTS {{.Database}}.v_events AS
SELECT * FROM {{.Database}}.events FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every transaction once.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_action_status AS
SELECT * FROM {{.Database}}.action_status FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'What each enforcer did and when, every record once.';

-- FINAL gives the latest record of each topic id, LIMIT BY takes the topic that
-- spoke last. Conditions on tenant and id reach the primary key through both.
CREATE VIEW IF NOT EXISTS {{.Database}}.v_findings AS
SELECT * FROM {{.Database}}.findings FINAL
ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id
COMMENT 'Every finding once, as it stands now.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_endpoints AS
SELECT * FROM
(
    SELECT * FROM {{.Database}}.endpoints FINAL
    ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id
)
WHERE NOT deleted
COMMENT 'Every endpoint once, as it stands now; endpoints that a merge ended are gone.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_fields AS
SELECT * FROM
(
    SELECT * FROM {{.Database}}.fields FINAL
    ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id
)
WHERE NOT deleted
COMMENT 'Every sensitive field once, as it stands now.';

-- An order is ended by a tombstone that stands after it in the same topic.
CREATE VIEW IF NOT EXISTS {{.Database}}.v_actions AS
SELECT
    o.* EXCEPT (tombstone),
    CAST(e.topic_offset > o.topic_offset, 'Bool') AS ended,
    if(ended, e.received, toDateTime64(0, 6, 'UTC')) AS ended_at
FROM
(
    SELECT * FROM {{.Database}}.actions FINAL WHERE NOT tombstone
    ORDER BY received DESC, topic_id LIMIT 1 BY tenant, key
) AS o
LEFT JOIN
(
    SELECT tenant, key, topic_id, topic_offset, received FROM {{.Database}}.actions FINAL WHERE tombstone
) AS e ON o.tenant = e.tenant AND o.key = e.key AND o.topic_id = e.topic_id
COMMENT 'The latest order of each key; ended says whether its issuer withdrew it. In force: not ended, not_before <= now < not_after.';

-- Which endpoint a merged one is part of. Three steps are followed, in case a
-- merge was merged again and did not take over the list of the first.
CREATE VIEW IF NOT EXISTS {{.Database}}.v_endpoint_aliases AS
WITH
    step AS
    (
        SELECT tenant, alias_id, argMax(id, topic_offset) AS target
        FROM (SELECT tenant, id, topic_offset, arrayJoin(supersedes) AS alias_id FROM {{.Database}}.v_endpoints)
        WHERE alias_id != id
        GROUP BY tenant, alias_id
    )
SELECT
    a.tenant AS tenant,
    a.alias_id AS alias_id,
    multiIf(c.target != '', c.target, b.target != '', b.target, a.target) AS endpoint_id
FROM step AS a
LEFT JOIN step AS b ON a.tenant = b.tenant AND a.target = b.alias_id
LEFT JOIN step AS c ON b.tenant = c.tenant AND b.target = c.alias_id
COMMENT 'alias_id was merged into endpoint_id.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_endpoint_minutes AS
SELECT
    tenant, endpoint_id, minute,
    max(label) AS endpoint,
    sum(n) AS hits,
    sum(n * greatest(sample_rate, 1)) AS transactions,
    sum(n4) AS client_errors,
    sum(n5) AS server_errors,
    sum(nr) AS refused,
    max(longest) / 1000 AS max_duration_ms,
    uniqMerge(who) AS principals,
    max(newest) AS last_seen
FROM
(
    SELECT
        m.tenant AS tenant,
        if(a.endpoint_id != '', a.endpoint_id, m.endpoint_id) AS endpoint_id,
        m.minute AS minute, m.topic_id, m.topic_partition, m.sample_rate AS sample_rate,
        -- The label of the endpoint itself, where it was seen under its own id.
        maxIf(m.endpoint, a.endpoint_id = '') AS label,
        groupBitmapMerge(m.hits) AS n,
        groupBitmapMerge(m.client_errors) AS n4,
        groupBitmapMerge(m.server_errors) AS n5,
        groupBitmapMerge(m.refused) AS nr,
        max(m.max_duration_us) AS longest,
        uniqMergeState(m.principals) AS who,
        max(m.last_seen) AS newest
    FROM {{.Database}}.endpoint_minutes AS m
    LEFT JOIN {{.Database}}.v_endpoint_aliases AS a ON m.tenant = a.tenant AND m.endpoint_id = a.alias_id
    GROUP BY tenant, endpoint_id, minute, m.topic_id, m.topic_partition, sample_rate
)
GROUP BY tenant, endpoint_id, minute
COMMENT 'Traffic by endpoint and minute; hits are events, transactions what they stand for.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_principal_hours AS
SELECT
    tenant, principal, hour,
    sum(n) AS hits,
    sum(n * greatest(sample_rate, 1)) AS transactions,
    sum(n4) AS client_errors,
    sum(n5) AS server_errors,
    sum(nr) AS refused,
    uniqMerge(what) AS paths,
    uniqMerge(places) AS addresses,
    min(oldest) AS first_seen,
    max(newest) AS last_seen
FROM
(
    SELECT
        tenant, principal, hour, topic_id, topic_partition, sample_rate,
        groupBitmapMerge(m.hits) AS n,
        groupBitmapMerge(m.client_errors) AS n4,
        groupBitmapMerge(m.server_errors) AS n5,
        groupBitmapMerge(m.refused) AS nr,
        uniqMergeState(m.paths) AS what,
        uniqMergeState(m.addresses) AS places,
        min(m.first_seen) AS oldest,
        max(m.last_seen) AS newest
    FROM {{.Database}}.principal_hours AS m
    GROUP BY tenant, principal, hour, topic_id, topic_partition, sample_rate
)
GROUP BY tenant, principal, hour
COMMENT 'Traffic by principal and hour.';

-- Not over v_endpoint_minutes: which endpoint an event counts for does not matter
-- here, and an event that a repeat put under another one must still count once.
CREATE VIEW IF NOT EXISTS {{.Database}}.v_traffic_minutes AS
SELECT
    tenant, minute,
    sum(n) AS hits,
    hits / 60 AS per_second,
    sum(n * greatest(sample_rate, 1)) AS transactions,
    sum(n4) AS client_errors,
    sum(n5) AS server_errors,
    sum(nr) AS refused,
    uniqMerge(who) AS principals
FROM
(
    SELECT
        tenant, minute, topic_id, topic_partition, sample_rate,
        groupBitmapMerge(m.hits) AS n,
        groupBitmapMerge(m.client_errors) AS n4,
        groupBitmapMerge(m.server_errors) AS n5,
        groupBitmapMerge(m.refused) AS nr,
        uniqMergeState(m.principals) AS who
    FROM {{.Database}}.endpoint_minutes AS m
    GROUP BY tenant, minute, topic_id, topic_partition, sample_rate
)
GROUP BY tenant, minute
COMMENT 'Traffic of a tenant by minute.';

CREATE VIEW IF NOT EXISTS {{.Database}}.v_findings_hours AS
SELECT tenant, toStartOfHour(ts) AS hour, detector, rule, severity, count() AS findings, uniqExact(principal) AS principals
FROM {{.Database}}.v_findings
GROUP BY tenant, hour, detector, rule, severity
COMMENT 'Findings by the hour of their newest update.';

-- A status may be reported again (another enforcer, a restart): the first report
-- of an edge that it refuses the target is when the action took hold there.
CREATE VIEW IF NOT EXISTS {{.Database}}.v_time_to_enforce AS
SELECT
    tenant, action_id, edge,
    any(s.rule) AS rule,
    min(s.ts) AS enforced_at,
    argMin(s.since_event_ms, s.ts) AS since_event_ms
FROM {{.Database}}.v_action_status AS s
WHERE state = 'enforced'
GROUP BY tenant, action_id, edge
COMMENT 'One row an action and edge: when it took hold there, and how long after the event that caused it.';
