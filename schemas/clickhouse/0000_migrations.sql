-- What was applied. This file is run at every start and is not recorded itself.
--
-- The key holds the checksum too: two builds that apply different texts under one
-- number leave two rows, and both see it.
CREATE TABLE IF NOT EXISTS {{.Database}}.migrations
(
    version    UInt32               COMMENT 'Number of the file',
    name       String               COMMENT 'Name of the file',
    checksum   FixedString(64)      COMMENT 'SHA-256 of the file, before settings are filled in, in hex',
    applied_at DateTime64(6, 'UTC') COMMENT 'When the statements had been run, by the clock of the starter',
    applied_by String               COMMENT 'Host name of the starter'
)
ENGINE = ReplacingMergeTree
ORDER BY (version, checksum)
COMMENT 'Migrations that were applied. Read with FINAL.';
