// Package schemas holds Mirador's contracts as data: JSON Schemas of the records,
// Kafka topics and ClickHouse migrations. Nothing else in the tree defines a
// table or a topic.
package schemas

import "embed"

// Topics is topics.yaml.
//
//go:embed topics.yaml
var Topics []byte

// ClickHouse holds the numbered migrations, clickhouse/NNNN_name.sql.
//
//go:embed clickhouse/*.sql
var ClickHouse embed.FS

// JSON holds the JSON Schemas (2020-12) of the records, NAME.schema.json.
//
//go:embed *.schema.json
var JSON embed.FS

// Names of the topics in topics.yaml.
const (
	TopicEvents     = "mirador.events"
	TopicPartials   = "mirador.partials"
	TopicFindings   = "mirador.findings"
	TopicPrincipals = "mirador.principals"
	TopicVerdicts   = "mirador.verdicts"
	TopicDeploys    = "mirador.deploys"
	TopicFlows      = "mirador.flows"
	TopicFields     = "mirador.fields"
	TopicCatalog    = "mirador.catalog"
	TopicSpecs      = "mirador.specifications"
	TopicActions    = "mirador.actions"
	TopicStatus     = "mirador.actions.status"
	TopicSnapshots  = "mirador.snapshots"
	TopicDLQ        = "mirador.dlq"
	TopicSensors    = "mirador.sensors"
)
