package catalog

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/corpora"
	"github.com/segmentio/encoding/json"
)

// operation is one line of the corpus: an operation of a published OpenAPI document.
type operation struct {
	Provider string      `json:"provider"`
	Method   string      `json:"method"`
	Template string      `json:"template"`
	Params   []parameter `json:"params"`
}

type parameter struct {
	Name    string   `json:"name"`
	In      string   `json:"in"`
	Type    string   `json:"type"`
	Format  string   `json:"format"`
	Pattern string   `json:"pattern"`
	Enum    []string `json:"enum"`
	Example example  `json:"example"`
}

// example is an example as text; numbers keep their form.
type example string

func (e *example) UnmarshalJSON(b []byte) error {
	*e = example(strings.Trim(string(b), `"`))
	return nil
}

// corpus are the operations of the corpus that have a path.
func corpus(t *testing.T) []operation {
	t.Helper()
	var out []operation
	corpora.Each(t, "discovery", "templates_dev.jsonl.gz", func(line []byte) {
		var op operation
		if err := json.Unmarshal(line, &op); err != nil {
			// An enum of numbers and the like: the line still has its template.
			var bare struct{ Provider, Method, Template string }
			if err := json.Unmarshal(line, &bare); err != nil {
				t.Fatal(err)
			}
			op = operation{Provider: bare.Provider, Method: bare.Method, Template: bare.Template}
		}
		if op.Template != "" && !strings.Contains(op.Template, "?") {
			out = append(out, op)
		}
	})
	return out
}

// The literals of the corpus must stay literals; how many of the examples that
// the documents themselves give for path parameters are typed is reported.
func TestCorpusSegments(t *testing.T) {
	literals, examples := map[string]bool{}, map[string]bool{}
	for _, op := range corpus(t) {
		for s := range strings.SplitSeq(op.Template, "/") {
			if s != "" && !strings.Contains(s, "{") {
				literals[s] = true
			}
		}
		for _, p := range op.Params {
			if p.In == "path" && p.Example != "" {
				examples[string(p.Example)] = true
			}
		}
	}
	var wrong, missed []string
	for s := range literals {
		if typ := Classify([]byte(s)); typ != "" {
			wrong = append(wrong, s+"="+typ)
		}
	}
	for s := range examples {
		if Classify([]byte(s)) == "" {
			missed = append(missed, s)
		}
	}
	sort.Strings(wrong)
	sort.Strings(missed)
	t.Logf("literals: %d distinct, %d typed: %v", len(literals), len(wrong), wrong)
	t.Logf("examples of path parameters: %d distinct, %d typed, left literal: %v", len(examples), len(examples)-len(missed), missed)
	if len(wrong)*200 > len(literals) {
		t.Errorf("%d of %d literals are typed: %v", len(wrong), len(literals), wrong)
	}
}

// TestCorpusTemplates makes traffic of the corpus, some requests an operation,
// and compares the templates. What a document does not say of a parameter is
// drawn a parameter: ids of five shapes where its name ends like an id, else words.
func TestCorpusTemplates(t *testing.T) {
	type score struct{ truth, found, predicted, right map[string]bool }
	providers := map[string]*score{}
	classes := map[string]*[2]int{}
	for _, op := range corpus(t) {
		s := providers[op.Provider]
		if s == nil {
			s = &score{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
			providers[op.Provider] = s
		}
		truth := op.Method + " " + braces.ReplaceAllString(strings.TrimSuffix(op.Template, "/"), "{}")
		s.truth[truth] = true
		for i := range 8 {
			path, drawn := request(op, i)
			got, values := Template([]byte(path))
			predicted := op.Method + " " + braces.ReplaceAllString(strings.TrimSuffix(got, "/"), "{}")
			s.predicted[predicted] = true
			if predicted == truth {
				s.found[truth], s.right[predicted] = true, true
			}
			for _, d := range drawn {
				c := classes[d.class]
				if c == nil {
					c = &[2]int{}
					classes[d.class] = c
				}
				c[1]++
				for _, v := range values {
					if v.Index == d.index {
						c[0]++
					}
				}
			}
		}
	}
	var p, r float64
	var predicted, truth int
	for _, s := range providers {
		p += float64(len(s.right)) / float64(len(s.predicted))
		r += float64(len(s.found)) / float64(len(s.truth))
		predicted += len(s.predicted)
		truth += len(s.truth)
	}
	p, r = p/float64(len(providers)), r/float64(len(providers))
	t.Logf("lexer alone, %d providers, macro mean: P %.2f R %.2f F1 %.2f, predicted/true %.1fx",
		len(providers), p, r, 2*p*r/(p+r), float64(predicted)/float64(truth))
	names := make([]string, 0, len(classes))
	for name := range classes {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		t.Logf("  %-8s %6d values, %5.1f %% typed", name, classes[name][1], 100*float64(classes[name][0])/float64(classes[name][1]))
	}
	if r < 0.6 {
		t.Errorf("recall is %.2f", r)
	}
}

var (
	braces   = regexp.MustCompile(`\{[^}]*\}`)
	idEnding = regexp.MustCompile(`(?i)(id|guid|uuid|key|token|hash|reference|number|code)s?$`)
	words    = strings.Fields("alpha default london marketing jane production main summer-sale north_region enterprise weekly invoice")
)

type drawn struct {
	index int
	class string
}

// request is the i-th request of op: its path, and of what class each value is.
func request(op operation, i int) (string, []drawn) {
	var out []drawn
	segments := strings.Split(strings.Trim(op.Template, "/"), "/")
	for k, s := range segments {
		segments[k] = braces.ReplaceAllStringFunc(s, func(name string) string {
			v, class := value(op, strings.Trim(name, "{}"), i)
			out = append(out, drawn{k, class})
			return strings.ReplaceAll(v, "/", "%2F")
		})
	}
	return "/" + strings.Join(segments, "/"), out
}

func value(op operation, name string, i int) (string, string) {
	h := fnv.New64a()
	fmt.Fprint(h, op.Provider, name)
	r := rand.New(rand.NewPCG(h.Sum64(), uint64(i)))
	p := parameter{Name: name, Type: "string"}
	for _, q := range op.Params {
		if q.In == "path" && q.Name == name {
			p = q
		}
	}
	raw := make([]byte, 16)
	for j := range raw {
		raw[j] = byte(r.Uint32())
	}
	x := hex.EncodeToString(raw)
	uuid := x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:]
	switch {
	case len(p.Enum) > 0:
		return p.Enum[i%len(p.Enum)], "enum"
	case p.Type == "integer" || p.Type == "number":
		return fmt.Sprint(1 + r.IntN(1_000_000)), "integer"
	case p.Format == "uuid":
		return uuid, "uuid"
	case p.Format == "date" || p.Format == "date-time":
		return fmt.Sprintf("2024-%02d-%02d", 1+r.IntN(12), 1+r.IntN(28)), "date"
	case p.Example != "" && i%2 == 0:
		return string(p.Example), "example"
	case !idEnding.MatchString(name):
		return words[r.IntN(len(words))] + []string{"", "s", "-2", "-team"}[r.IntN(4)], "word"
	}
	switch h.Sum64() % 5 {
	case 0:
		return uuid, "uuid"
	case 1:
		return x[:24], "hex24"
	case 2:
		return "obj_" + base62(r, 14), "prefix14"
	case 3:
		return base62(r, 20), "base62"
	default:
		return fmt.Sprint(1 + r.IntN(1_000_000)), "integer"
	}
}

func base62(r *rand.Rand, n int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}
