// Package flow is the contract of the topic mirador.flows: what sessions do at a host,
// operation by operation, and what they must have done before, as SEQ-01 has learned.
package flow

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"
)

// Graph is the record of one host: its newest replaces the one before. Counts are of this
// week and the one before it.
type Graph struct {
	Tenant  string    `json:"tenant"`
	Host    string    `json:"host"`
	Updated time.Time `json:"ts"`
	Since   time.Time `json:"since"` // when the first of what it holds was seen
	// Operations are sorted, those of most sessions first; Moves and Prerequisites are
	// between them.
	Operations    []Operation    `json:"operations"`
	Moves         []Move         `json:"moves,omitempty"`
	Prerequisites []Prerequisite `json:"prerequisites,omitempty"`
}

// Operation is an endpoint that sessions come to.
type Operation struct {
	ID       string `json:"id"`       // of the endpoint
	Endpoint string `json:"endpoint"` // METHOD host/template
	Sessions uint64 `json:"sessions"` // that came to it, each once
	// Last is the time of the newest of them, to the minute.
	Last time.Time `json:"last_seen"`
}

// Move is a way by which sessions first came to an operation.
type Move struct {
	From     string `json:"from"` // id; empty: sessions that began with it
	To       string `json:"to"`
	Sessions uint64 `json:"sessions"`
}

// Prerequisite says how many of the sessions that came to an operation did another first.
type Prerequisite struct {
	Before    string `json:"before"`    // id
	Operation string `json:"operation"` // id
	Sessions  uint64 `json:"sessions"`  // that were looked at: one a principal and day
	Ever      uint64 `json:"ever"`      // that had done Before at all
	Each      uint64 `json:"each"`      // that had done it since they did Operation last
	// Held is how many came while SEQ-01 held them to it.
	Held uint64 `json:"held"`
}

// Mandatory says whether SEQ-01 holds most sessions to it.
func (p *Prerequisite) Mandatory() bool { return 2*p.Held > p.Sessions }

// ErrMalformed is wrapped by every error of Decode.
var ErrMalformed = errors.New("flow: malformed record")

// Key is the record key: tenant|host.
func (g *Graph) Key() []byte { return []byte(g.Tenant + "|" + g.Host) }

// Encode is the record value of g.
func Encode(g *Graph) ([]byte, error) {
	b, err := json.Marshal(g)
	if err != nil {
		return nil, fmt.Errorf("flow: graph of %s: encode: %w", g.Host, err)
	}
	return b, nil
}

// Decode reads the record value b.
func Decode(b []byte) (Graph, error) {
	var g Graph
	if err := json.Unmarshal(b, &g); err != nil {
		return Graph{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if g.Tenant == "" || strings.Contains(g.Tenant, "|") || g.Host == "" {
		return Graph{}, fmt.Errorf("%w: tenant and host are required", ErrMalformed)
	}
	return g, nil
}
