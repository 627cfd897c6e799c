// Package discovery learns the API from its traffic: which endpoints exist,
// since when, who calls them with which parameters and how.
//
// It has two stages. The detector sees the transactions of one partition and
// gathers what they add to each endpoint, a difference; the merger owns all
// endpoints of a host, adds the differences up and is the only writer of the
// catalog. Adding up is commutative and associative, so neither the order of the
// differences nor where they are cut changes what comes out.
package discovery

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/miradorhq/mirador/services/discovery/order"
	"github.com/miradorhq/mirador/services/discovery/schema"
	"github.com/prometheus/client_golang/prometheus"
)

// Kind is the kind of partial that the detector sends and the merger reads; its
// dimension is the host.
const Kind = order.Kind

// Config are the settings of both stages. Start from Defaults.
type Config struct {
	MaxPending       int      `yaml:"max_pending" doc:"Endpoints that a partition gathers between two commits; at this many it sends what it has at once. Nothing is lost."`
	MaxPartialBytes  int      `yaml:"max_partial_bytes" doc:"Size in bytes at which a difference is cut into several records. Must stay below the broker's message.max.bytes."`
	MaxParams        int      `yaml:"max_params" doc:"Parameters and fields of bodies kept an endpoint. Beyond it those nearest to the root stay, then those with the smallest hash, so that order decides nothing."`
	MaxDepth         int      `yaml:"max_depth" doc:"Objects and lists around a field of a body; what lies deeper is not kept."`
	MaxKeys          int      `yaml:"max_keys" doc:"Names kept of one object in a body; the others are one field of any name, as in objects that have names of things for keys."`
	MaxEnum          int      `yaml:"max_enum" doc:"Different values kept of a field that looks like an enumeration; with more it is none."`
	MaxName          int      `yaml:"max_name" doc:"Longest name of a parameter, or path of a field, in bytes; longer ones are not kept."`
	MaxServices      int      `yaml:"max_services" doc:"Service names kept an endpoint, the first in alphabetical order."`
	MaxEndpoints     int      `yaml:"max_endpoints" doc:"Endpoints listed a host. Beyond it new ones stay candidates. As many are remembered of which the classifier said what they carry."`
	MaxOperations    int      `yaml:"max_operations" doc:"Operations listed a path: GraphQL operations and fields, JSON-RPC and MCP methods, SOAP operations. Whoever asks chooses their names."`
	MaxCandidates    int      `yaml:"max_candidates" doc:"Paths a partition remembers that were never answered with success. The one unseen for longest is forgotten first."`
	InternalNetworks []string `yaml:"internal_networks" doc:"Networks (CIDR) whose callers are internal. Default: the private ranges."`
	PartnerNetworks  []string `yaml:"partner_networks" doc:"Networks (CIDR) of partners, looked at before internal_networks. All others are public."`
	MinActors        int      `yaml:"min_actors" doc:"Callers without an identity that must have been answered 2xx at a path before it is listed and learned from; one with an identity is enough. At 1 any answer of success is. Raise it where hosts answer 200 to paths that are not there: 3 keeps one scanner's inventions out, and paths that fewer anonymous callers ever ask for, which is why the default is 1: a trial with one client, or a recording of one, shows all that it called. What is said against a specification (INV-01) has guards of its own, specifications.min_callers (3) and min_observed (1h), and what a person ordered (INV-03) needs none."`
	AdmitUnanswered  bool     `yaml:"admit_unanswered" doc:"List endpoints whose responses no sensor sees, as in logs without a status. A scan then makes endpoints."`

	Learn         bool          `yaml:"learn" doc:"Learn which segments of paths are values, beyond what their shape says, and merge the endpoints that differ in them."`
	LearnEvery    time.Duration `yaml:"learn_every" doc:"How often, in event time, the paths of a host are looked at again."`
	CountsEvery   time.Duration `yaml:"counts_every" doc:"How often, in event time, a catalog record is written of which nothing but counters has changed. 0 writes it with every commit."`
	MaxNodes      int           `yaml:"max_nodes" doc:"Places in the paths of a host that are remembered; beyond it those unseen for longest are forgotten."`
	MaxSiblings   int           `yaml:"max_siblings" doc:"Names remembered at one place; beyond it the rarest count as values."`
	MaxParts      int           `yaml:"max_parts" doc:"Endpoints merged into one that keep counters of their own, so that the merge can be taken back exactly."`
	MaxSupersedes int           `yaml:"max_supersedes" doc:"Ids of merged endpoints that a record lists. Beyond it the others are still found by the template."`

	MinHosts       int      `yaml:"min_hosts" doc:"Hosts that differ in one label and have most of their endpoints alike before they become one, {string}.api.example.com. 0 turns it off; hosts that were joined then begin anew. Labels that a public registry gives never vary."`
	Hosts          []string `yaml:"hosts" doc:"Hosts that are one API whatever was seen of them, as {tenant}.api.example.com: one label, none of the last two, in braces."`
	HostsApart     []string `yaml:"hosts_apart" doc:"Hosts, in lower case, that are never joined with others."`
	MaxMemberHosts int      `yaml:"max_member_hosts" doc:"Hosts that a partition remembers to be part of a template. At this many all are looked at anew."`

	MaxPins int `yaml:"max_pins" doc:"Segments and names of parameters a host that people may pin. An order beyond it is refused, and a finding says so."`

	MaxAlikes int `yaml:"max_alikes" doc:"Look-alikes a partition counts at once, by who sends them and what they resemble; those longest unseen are forgotten, and said anew should they go on."`

	// Weights of the signs by which templates are learned: those that come with the
	// program, unless others are fitted and tried.
	Weights learn.Weights `yaml:"-"`

	// Catalog, Log and Metrics are injected; all may be nil. Without a catalog no
	// look-alikes are told.
	Catalog Catalog               `yaml:"-"`
	Log     *slog.Logger          `yaml:"-"`
	Metrics prometheus.Registerer `yaml:"-"`
}

// Defaults suit a partition with tens of hosts in some hundred megabytes.
func Defaults() Config {
	return Config{
		MaxPending: 5000, MaxPartialBytes: 256 << 10, MaxParams: 2000, MaxDepth: 12, MaxKeys: 100, MaxEnum: 20, MaxName: 200, MaxServices: 20,
		MaxEndpoints: 5000, MaxOperations: 500, MaxCandidates: 20000, MinActors: 1, InternalNetworks: privateNetworks(),
		Learn: true, LearnEvery: 10 * time.Second, CountsEvery: 30 * time.Second, MaxNodes: 50_000, MaxSiblings: 64, MaxParts: 64, MaxSupersedes: 256, MaxPins: 10_000, MaxAlikes: 20_000,
		MinHosts: 8, MaxMemberHosts: 50_000,
	}
}

// Validate reports every error of c at once.
func (c Config) Validate() error {
	var errs []error
	check := func(name string, v, low, high int) {
		if v < low || v > high {
			errs = append(errs, fmt.Errorf("discovery.%s is %d: must be between %d and %d", name, v, low, high))
		}
	}
	check("max_pending", c.MaxPending, 1, 1_000_000)
	check("max_partial_bytes", c.MaxPartialBytes, 1024, 16<<20)
	check("max_params", c.MaxParams, 1, 10_000)
	check("max_depth", c.MaxDepth, 1, 32)
	check("max_keys", c.MaxKeys, 1, 10_000)
	check("max_enum", c.MaxEnum, 1, 100)
	check("max_name", c.MaxName, 8, 4096)
	check("max_services", c.MaxServices, 1, 1000)
	check("max_endpoints", c.MaxEndpoints, 1, 1_000_000)
	check("max_operations", c.MaxOperations, 1, 100_000)
	check("max_candidates", c.MaxCandidates, 1, 10_000_000)
	check("min_actors", c.MinActors, 1, 1000)
	check("max_nodes", c.MaxNodes, 100, 10_000_000)
	check("max_siblings", c.MaxSiblings, 8, 10_000)
	check("max_parts", c.MaxParts, 1, 10_000)
	check("max_alikes", c.MaxAlikes, 1, 10_000_000)
	check("max_pins", c.MaxPins, 1, 1_000_000)
	check("max_supersedes", c.MaxSupersedes, 1, 10_000)
	if c.MinHosts != 0 {
		check("min_hosts", c.MinHosts, 3, 10_000)
	}
	check("max_member_hosts", c.MaxMemberHosts, 1, 10_000_000)
	errs = append(errs, validHosts(&c)...)
	if c.LearnEvery < time.Second || c.LearnEvery > 24*time.Hour {
		errs = append(errs, fmt.Errorf("discovery.learn_every is %v: must be between 1s and 24h", c.LearnEvery))
	}
	if c.CountsEvery < 0 || c.CountsEvery > time.Hour {
		errs = append(errs, fmt.Errorf("discovery.counts_every is %v: must be between 0 and 1h", c.CountsEvery))
	}
	if _, err := parseRanges(&c); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// learn are the bounds of a tree.
func (c *Config) learn() learn.Config {
	l := learn.Defaults()
	l.MaxNodes, l.MaxChildren = c.MaxNodes, c.MaxSiblings
	if c.Weights.First != nil {
		l.Weights = c.Weights
	}
	return l
}

// limits are those of the fields of an operation.
func (c *Config) limits() schema.Limits {
	return schema.Limits{Fields: c.MaxParams, Keys: c.MaxKeys, Depth: c.MaxDepth, Name: c.MaxName, Words: c.MaxEnum}
}

// metrics count what limits did. All partitions of a process share them.
type metrics struct {
	early     prometheus.Counter // flushes because of MaxPending
	params    prometheus.Counter
	names     prometheus.Counter
	unlisted  prometheus.Counter
	unproven  prometheus.Counter
	forgotten prometheus.Counter
	lostHits  prometheus.Counter
	malformed prometheus.Counter
	alikes    prometheus.Counter
	listed    prometheus.Counter
	merged    prometheus.Counter
	split     prometheus.Counter
	joined    prometheus.Counter
	ordered   prometheus.Counter
	refused   prometheus.Counter
	classes   prometheus.Counter

	membersForgotten prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "mirador", Subsystem: "discovery", Name: name, Help: help})
		if r == nil {
			return c
		}
		// Both stages of a process share a registry.
		var there prometheus.AlreadyRegisteredError
		if err := r.Register(c); errors.As(err, &there) {
			if old, ok := there.ExistingCollector.(prometheus.Counter); ok {
				return old
			}
		} else if err != nil {
			panic(fmt.Sprintf("discovery: metric %s: %v", name, err)) // another collector has our name: a fault of the program
		}
		return c
	}
	return &metrics{
		early:     counter("early_flushes_total", "Differences sent before the commit because max_pending was reached."),
		params:    counter("params_dropped_total", "Parameters not kept because of max_params."),
		names:     counter("names_dropped_total", "Values not kept because their name is too long or no text, or they stand too deep."),
		unlisted:  counter("endpoints_unlisted_total", "Times an endpoint was not listed because its host has max_endpoints."),
		unproven:  counter("endpoints_unproven_total", "Paths answered with success that then waited for min_actors callers."),
		forgotten: counter("candidates_forgotten_total", "Paths forgotten, never answered with success, because of max_candidates."),
		lostHits:  counter("candidate_hits_forgotten_total", "Transactions counted for paths that were forgotten."),
		malformed: counter("partials_malformed_total", "Differences that could not be read."),
		alikes:    counter("lookalikes_forgotten_total", "Counts of look-alikes forgotten because of max_alikes."),
		listed:    counter("endpoints_listed_total", "Endpoints that were listed."),
		merged:    counter("endpoints_merged_total", "Endpoints that were made of others, because a segment was found to be a value."),
		split:     counter("endpoints_split_total", "Endpoints that a merge no longer covers."),
		joined:    counter("hosts_joined_total", "Hosts that became part of a template of hosts."),
		ordered:   counter("orders_total", "Orders of people that were carried out: merge, split, pin, unpin, rename."),
		refused:   counter("orders_refused_total", "Orders of people that were not carried out; a finding says why."),
		classes:   counter("data_classes_dropped_total", "Statements of the classifier about an endpoint that found no room: a host keeps max_endpoints."),

		membersForgotten: counter("member_hosts_forgotten_total", "Hosts forgotten to be part of a template, because of max_member_hosts."),
	}
}
