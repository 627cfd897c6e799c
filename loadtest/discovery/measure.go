package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery"
	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/prometheus/client_golang/prometheus"
)

// rounds are how many pieces the traffic is fed in: after each it is looked at
// which templates are right already.
const rounds = 16

// measure feeds the traffic of a provider through discovery, as mirador inspect
// does, and scores what stands in the catalog afterwards.
func measure(all []transaction, learner bool, weights learn.Weights) (*score, error) {
	cfg := discovery.Defaults()
	cfg.Learn, cfg.Weights = learner, weights
	live := catalog.NewLive(&catalog.Lexical{})
	endpoints := map[string]string{} // shape by id
	var failed error
	o := runner.DefaultOptions()
	o.Matcher, o.Logger, o.Registry, o.Workers = &catalog.Lexical{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), 1
	local, err := runner.NewLocal(runner.LocalOptions{
		Options: o, Partitions: 1,
		Detect: []runner.DetectStage{{Name: "discovery", New: discovery.Factory(cfg), PartialKinds: []string{discovery.Kind}}},
		Merge:  []runner.MergeStage{{Name: "discovery-merge", Kind: discovery.Kind, New: discovery.MergerFactory(cfg)}},
		Record: func(_ string, r detect.Record) {
			if r.Topic != schemas.TopicCatalog {
				return
			}
			if r.Value == nil {
				id := string(r.Key[len("default|"):])
				live.Remove(id)
				delete(endpoints, id)
				return
			}
			e, err := catalog.DecodeEndpoint(r.Value)
			if err != nil {
				failed = errors.Join(failed, err)
				return
			}
			live.Apply(e)
			endpoints[e.ID] = shapeOf(e.Method, e.Path())
		},
	})
	if err != nil {
		return nil, fmt.Errorf("stages: %w", err)
	}
	h := newHistory()
	for i := range rounds {
		piece := all[len(all)*i/rounds : len(all)*(i+1)/rounds]
		events := make([]*event.Event, len(piece))
		for j := range piece {
			events[j] = piece[j].event
		}
		local.FeedAll(events, nil)
		if i == rounds-1 {
			local.Close()
		} else {
			local.Flush()
		}
		h.look(piece, shapes(endpoints))
	}
	s := judge(all, shapes(endpoints), func(t *transaction) string {
		m := live.Match("default", t.event.Host(), string(t.event.Method), t.event.Path)
		if shape, known := endpoints[m.ID]; known {
			return shape
		}
		return shapeOf(m.Method, m.Template)
	})
	s.hitsToCorrect = h.results()
	return s, failed
}

func shapes(endpoints map[string]string) map[string]bool {
	out := make(map[string]bool, len(endpoints))
	for _, s := range endpoints {
		out[s] = true
	}
	return out
}

// history says after how many answers each operation had its template for good.
type history struct {
	answers, since map[string]int
	right          map[string]bool
}

func newHistory() *history {
	return &history{answers: map[string]int{}, since: map[string]int{}, right: map[string]bool{}}
}

func (h *history) look(piece []transaction, learned map[string]bool) {
	for i := range piece {
		if t := &piece[i]; t.answered() {
			h.answers[t.op.shape]++
		}
	}
	for shape, n := range h.answers {
		if learned[shape] && !h.right[shape] {
			h.since[shape] = n
		}
		h.right[shape] = learned[shape]
	}
}

// results are the counts of those that are right at the end.
func (h *history) results() (out []int) {
	for shape, right := range h.right {
		if right && h.answers[shape] >= bar {
			out = append(out, h.since[shape])
		}
	}
	return out
}

// sampleOf is what a transaction shows a tree, without the stages around it.
func sampleOf(t *transaction) (learn.Sample, bool) {
	if t.event.Status < 200 || t.event.Status >= 400 {
		return learn.Sample{}, false
	}
	var tx detect.Tx
	tx.Reset(t.event, detect.Source{}, t.event.Time(), &catalog.Lexical{}, content.DefaultLimits)
	s := learn.Sample{Method: tx.Endpoint.Method, Template: tx.Endpoint.Template, Hits: 1}
	seen := map[uint32]bool{}
	for _, l := range tx.Response().Leaves {
		h := fnv.New32a()
		_, _ = h.Write([]byte(l.Path)) // a hash takes everything
		if x := h.Sum32(); l.Location == content.Body && !seen[x] {
			seen[x] = true
			s.Response = append(s.Response, learn.Field{Hash: x, Count: 1})
		}
	}
	return s, true
}
