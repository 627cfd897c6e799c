-- One row a record of mirador.events: the audit log.
--
-- The key is where the record stands in Kafka, so a batch that is inserted again
-- (after a crash between insert and commit) leaves nothing behind. Everything in
-- the key and in the partition is the broker's and never differs between the two:
-- in particular neither the event's own time nor the endpoint is, for the first
-- depends on a setting and the second on the catalog of the moment.
--
-- ZSTD only where it pays: over all columns it takes a third off the rows a second.
CREATE TABLE IF NOT EXISTS {{.Database}}.events
(
    tenant          LowCardinality(String) COMMENT 'Tenant; "default" where there is only one',
    topic_id        UUID                   COMMENT 'Kafka id of the topic the record stands in; a topic created anew has another',
    topic_partition Int32                  COMMENT 'Kafka partition' CODEC(T64, LZ4),
    topic_offset    UInt64                 COMMENT 'Kafka offset' CODEC(Delta, LZ4),
    received        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the Kafka record; retention counts from it' CODEC(Delta, LZ4),
    ts              DateTime64(6, 'UTC')   COMMENT 'Time of the request as the sensor saw it; the time of receipt where that is unknown or lies too far ahead' CODEC(Delta, LZ4),
    event_id        UUID                   COMMENT 'Id of the transaction, a UUIDv7 of the sensor',
    sensor          LowCardinality(String) COMMENT 'Name of the sensor',
    boot            UInt64                 COMMENT 'Start of the sensor, ns since 1970: with sensor and sequence the identity of the record at its source',
    sequence        UInt64                 COMMENT 'Counter of the sensor since its start, from 1' CODEC(Delta, LZ4),

    client_address        String                 COMMENT 'Textual IP address of the client; see isIPAddressInRange',
    client_port           UInt16                 COMMENT 'Port of the client, 0 if unknown' CODEC(T64, LZ4),
    client_address_source LowCardinality(String) COMMENT 'How the address was found: connection, x-forwarded-for, proxy-protocol, file',

    principal       String                 COMMENT 'Who acts: sub:, ses: or cred: and a keyed hash, ip: and an address (IPv6 by /64), or none',
    authenticated   Bool                   COMMENT 'Whether the principal is more than an address',
    identity_scheme LowCardinality(String) COMMENT 'none, basic, bearer, jwt, api-key, cookie, mtls, other',
    credential      String                 COMMENT 'Keyed hash of the credential, hex; never the credential',
    key_id          LowCardinality(String) COMMENT 'Name of the key of the keyed hashes',
    subject         String                 COMMENT 'Keyed hash of issuer and subject, hex',
    session         String                 COMMENT 'Keyed hash of the session cookie, hex',
    token_header    LowCardinality(String) COMMENT 'Header of the JWT, JSON',
    claims          Nested(name LowCardinality(String), value String) COMMENT 'Claims that matter (iss, aud, azp, client_id, scope, roles, exp, iat, nbf), each value as JSON',

    tls_version        LowCardinality(String) COMMENT 'TLS version, as 1.3; empty for plaintext',
    tls_sni            LowCardinality(String) COMMENT 'Server name of the handshake',
    ja4                LowCardinality(String) COMMENT 'JA4 fingerprint of the handshake',
    client_certificate LowCardinality(String) COMMENT 'SHA-256 of the client certificate, hex',
    client_subject     LowCardinality(String) COMMENT 'Subject of the client certificate',

    method      LowCardinality(String) COMMENT 'HTTP method as sent',
    scheme      LowCardinality(String) COMMENT 'http or https',
    protocol    LowCardinality(String) COMMENT 'As HTTP/1.1',
    authority   LowCardinality(String) COMMENT 'host[:port] as the client sent it',
    host        LowCardinality(String) COMMENT 'Authority without port, lower case; - where there is none',
    path        String                 COMMENT 'Undecoded path of the request target' CODEC(ZSTD(1)),
    query       String                 COMMENT 'Undecoded query without the question mark; empty unless stored by setting' CODEC(ZSTD(1)),
    status      UInt16                 COMMENT 'HTTP status, 0 where no response was seen' CODEC(T64, LZ4),
    duration_us UInt64                 COMMENT 'From request to response in microseconds, 0 where either is unknown' CODEC(T64, LZ4),
    user_agent  LowCardinality(String) COMMENT 'User-Agent header',

    endpoint_id    LowCardinality(String) COMMENT 'Id of the endpoint by the catalog of the moment; resolve merged ones through v_endpoint_aliases',
    endpoint       LowCardinality(String) COMMENT 'METHOD host/template',
    endpoint_known Bool                   COMMENT 'Whether the catalog had the endpoint; else the template is the lexer''s alone',

    service        LowCardinality(String)        COMMENT 'Service that was called',
    namespace      LowCardinality(String)        COMMENT 'Its namespace',
    source_service LowCardinality(String)        COMMENT 'Calling service, for traffic inside the estate',
    trace_id       String                        COMMENT 'W3C trace id, hex, or empty',
    flags          UInt32                        COMMENT 'Bits: 1 sampled, 2 replayed, 4 unpaired, 8 headers only, 16 refused by the edge on our order' CODEC(T64, LZ4),
    sample_rate    UInt32                        COMMENT 'How many transactions this one stands for, at least 1' CODEC(T64, LZ4),
    masked         Array(LowCardinality(String)) COMMENT 'What the sensor replaced, as request.header:authorization',

    request_bytes         UInt64                 COMMENT 'Length of the request body on the wire' CODEC(T64, LZ4),
    request_seen          UInt64                 COMMENT 'How much of it passed the sensor' CODEC(T64, LZ4),
    request_truncated     Bool                   COMMENT 'Whether the sensor kept less than it saw',
    request_content_type  LowCardinality(String) COMMENT 'Content type of the request',
    request_headers       Nested(name LowCardinality(String), value String) COMMENT 'Masked headers in order, repeats kept; empty unless stored by setting',
    request_body          String                 COMMENT 'Masked body, cut at a set size; empty unless stored by setting' CODEC(ZSTD(1)),
    response_bytes        UInt64                 COMMENT 'Length of the response body on the wire' CODEC(T64, LZ4),
    response_seen         UInt64                 COMMENT 'How much of it passed the sensor' CODEC(T64, LZ4),
    response_truncated    Bool                   COMMENT 'Whether the sensor kept less than it saw',
    response_content_type LowCardinality(String) COMMENT 'Content type of the response',
    response_headers      Nested(name LowCardinality(String), value String) COMMENT 'Masked headers in order, repeats kept; empty unless stored by setting',
    response_body         String                 COMMENT 'Masked body, cut at a set size; empty unless stored by setting' CODEC(ZSTD(1)),

    INDEX ts_range ts TYPE minmax GRANULARITY 1,
    INDEX by_event event_id TYPE bloom_filter(0.001) GRANULARITY 4,
    INDEX by_principal principal TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_address client_address TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(received)
ORDER BY (tenant, toStartOfHour(received), topic_id, topic_partition, topic_offset)
{{ttl "received" .EventsDays}}
SETTINGS ttl_only_drop_parts = 1
COMMENT 'One row a transaction. Read v_events: rows may stand here more than once.';
