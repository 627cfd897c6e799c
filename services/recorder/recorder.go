// Package recorder is the audit log: every transaction, and what was found and
// done about it, each topic into its table. It is the one writer of these tables,
// so that a finding is not written once by each service that could.
package recorder

import (
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/schemas"
)

// Table is a topic and how to open the sink of its table.
type Table struct {
	Topic string
	Open  func() (runner.Sink, error)
}

// Tables are all that the recorder writes. m resolves the endpoint of a
// transaction; s says how much of one is kept.
func Tables(c chsink.Config, m catalog.Matcher, s chsink.EventSettings, metrics *chsink.Metrics) []Table {
	return []Table{
		{schemas.TopicEvents, func() (runner.Sink, error) { return chsink.NewEvents(c, m, s, metrics) }},
		{schemas.TopicFindings, func() (runner.Sink, error) { return chsink.NewFindings(c, metrics) }},
		{schemas.TopicActions, func() (runner.Sink, error) { return chsink.NewActions(c, metrics) }},
		{schemas.TopicPrincipals, func() (runner.Sink, error) { return chsink.NewPrincipals(c, metrics) }},
		{schemas.TopicVerdicts, func() (runner.Sink, error) { return chsink.NewVerdicts(c, metrics) }},
		{schemas.TopicDeploys, func() (runner.Sink, error) { return chsink.NewDeploys(c, metrics) }},
		{schemas.TopicStatus, func() (runner.Sink, error) { return chsink.NewStatuses(c, metrics) }},
	}
}
