package schemaeval

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/discovery"
	"github.com/miradorhq/mirador/services/discovery/openapi"
)

// learn feeds traffic of every operation, mixed, through both stages and returns
// the exported document and the id of each operation's endpoint.
func learn(t *testing.T, s *Spec, seed uint64) (doc object, seen map[string]uint64, ids map[*Operation]string) {
	t.Helper()
	g := NewGenerator(s, seed)
	var order []*Operation
	for i := range s.Operations {
		for range s.Operations[i].Transactions {
			order = append(order, &s.Operations[i])
		}
	}
	g.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	cfg := discovery.Defaults()
	cfg.CountsEvery = 0 // no event time moves on here
	factory, merger := discovery.Factory(cfg), discovery.MergerFactory(cfg)(0)
	parts := []detect.Detector{factory(0), factory(1)}
	ids = map[*Operation]string{}
	latest := map[string]catalog.Endpoint{}
	var tx detect.Tx
	flush := func() {
		for _, d := range parts {
			var out, merged detect.Out
			d.(detect.Flusher).Flush(&out)
			for i := range out.Partials {
				merger.Merge(&out.Partials[i], &merged)
			}
			merger.(detect.Flusher).Flush(&merged)
			for _, r := range merged.Records {
				e, err := catalog.DecodeEndpoint(r.Value)
				if err != nil {
					t.Fatal(err)
				}
				latest[e.ID] = e
			}
		}
	}
	for i, op := range order {
		e := g.Event(op)
		tx.Reset(e, detect.Source{Offset: int64(i)}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
		if id := ids[op]; id != "" && id != tx.Endpoint.ID {
			t.Fatalf("%s %s: the lexer has two templates for it, %s too", op.Method, op.Path, tx.Endpoint.Label)
		}
		ids[op] = tx.Endpoint.ID
		var out detect.Out
		parts[i%2].Detect(&tx, &out)
		if i%500 == 499 {
			flush()
		}
	}
	flush()
	var list []catalog.Endpoint
	for _, e := range latest {
		list = append(list, e)
	}
	b, err := openapi.JSON(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc, g.Seen, ids
}

// find is the operation of the endpoint with that id.
func find(doc object, id string) object {
	paths, _ := doc["paths"].(object)
	for _, item := range paths {
		item, _ := item.(object)
		for _, op := range item {
			op, _ := op.(object)
			if list, _ := op["x-mirador-endpoint"].([]any); slices.Contains(list, any(id)) {
				return op
			}
		}
	}
	return nil
}

// The bar: of the fields that were seen 200 times, 95 % have the same required,
// type and enumeration.
func TestSchemasOfTraffic(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) != 3 {
		t.Fatalf("%d specifications, %v", len(files), err)
	}
	var all Score
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(strings.TrimSuffix(filepath.Base(file), ".yaml"), b)
		if err != nil {
			t.Fatal(err)
		}
		doc, seen, ids := learn(t, s, 1)
		score := Compare(s, seen, 200, func(op *Operation) map[string]any { return find(doc, ids[op]) })
		t.Logf("%-8s %d operations: %d fields seen 200 times, %d the same (%.3f); wrong required %d, type %d, enum %d; not in the specification %d",
			s.Name, len(s.Operations), score.Fields, score.Same, score.Ratio(), score.Required, score.Type, score.EnumWrong, score.Extra)
		for _, w := range score.Wrong {
			t.Log("  " + w)
		}
		all.Add(score)
	}
	t.Logf("%-8s %d of %d fields (%.3f)", "all", all.Same, all.Fields+all.Extra, all.Ratio())
	if all.Fields < 250 || all.Ratio() < .95 {
		t.Errorf("%d fields, %.3f the same: want 250, .95", all.Fields, all.Ratio())
	}
}
