-- How clients spell an endpoint: a template matches with a slash at the end and without.
ALTER TABLE {{.Database}}.endpoints ADD COLUMN IF NOT EXISTS trailing_slash Bool COMMENT 'Whether most are answered with a slash at the end' AFTER template;

-- A view has the columns that its table had when it was made.
CREATE OR REPLACE VIEW {{.Database}}.v_endpoints AS
SELECT * FROM
(
    SELECT * FROM {{.Database}}.endpoints FINAL
    ORDER BY received DESC, topic_id LIMIT 1 BY tenant, id
)
WHERE NOT deleted
COMMENT 'Every endpoint once, as it stands now; endpoints that a merge ended are gone.';
