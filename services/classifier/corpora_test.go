package classifier

import (
	"bufio"
	"compress/gzip"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/segmentio/encoding/json"
)

// corpus reads the lines of a file of the evaluation corpora, which are not part
// of the project. Where they are absent it says so and returns none.
func corpus[T any](t *testing.T, name string) (rows []T) {
	root := os.Getenv("MIRADOR_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	file, err := os.Open(filepath.Join(root, "classification", name))
	if err != nil {
		t.Logf("0 cases: the evaluation corpora are absent (%v); MIRADOR_CORPORA names their folder", err)
		return nil
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%s: line %d: %v", name, len(rows)+1, err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cases", len(rows))
	return rows
}

type score struct{ tp, fp, fn, tn int }

func (s *score) add(want, got bool) {
	switch {
	case want && got:
		s.tp++
	case want:
		s.fn++
	case got:
		s.fp++
	default:
		s.tn++
	}
}

func (s *score) precision() float64 { return float64(s.tp) / float64(max(1, s.tp+s.fp)) }
func (s *score) recall() float64    { return float64(s.tp) / float64(max(1, s.tp+s.fn)) }

func log(t *testing.T, scores map[string]*score) {
	var names []string
	for n := range scores {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		s := scores[n]
		t.Logf("%-40s precision %.3f recall %.3f (tp %d fp %d fn %d tn %d)", n, s.precision(), s.recall(), s.tp, s.fp, s.fn, s.tn)
	}
}

// TestStdnum holds the validators against the numbers of python-stdnum, and
// counts how many numbers of other types each takes for its own.
func TestStdnum(t *testing.T) {
	rows := corpus[struct {
		Type, Value string
		Valid       bool
	}](t, "stdnum_dev.jsonl.gz")
	scores := map[string]*score{}
	at := func(name string) *score {
		if scores[name] == nil {
			scores[name] = &score{}
		}
		return scores[name]
	}
	words := newDictionary()
	for _, r := range rows {
		is := func(typ Type, path string) bool { _, ok := found(words, typ, r.Value, path); return ok }
		if r.Type == "luhn" {
			at("luhn").add(r.Valid, luhn([]byte(r.Value)))
		}
		if r.Type == "iban" || strings.HasSuffix(r.Type, ".iban") {
			country := strings.ToUpper(r.Type[:2])
			if r.Type == "iban" || strings.HasPrefix(r.Value, country) { // another country's is an IBAN all the same
				at("iban").add(r.Valid, is(IBAN, ""))
			}
		} else if is(IBAN, "") {
			at("iban, among all other types").add(false, true)
		}
		if r.Type == "us.ssn" {
			at("us.ssn, named").add(r.Valid, is(SSN, "ssn"))
		}
		if is(PAN, "") {
			at("pan, among all types (values, not fields)").add(false, true)
		}
		if is(SSN, "") {
			at("ssn without a name").add(false, true)
		}
	}
	log(t, scores)
}

// TestGitleaks scores the token and key types on the cases of gitleaks' rules
// that they cover. Its GitHub tokens are random text whose checksum is wrong, as
// no token of GitHub's is.
func TestGitleaks(t *testing.T) {
	rows := corpus[struct {
		Rule, Text string
		Positive   bool
	}](t, "gitleaks_cases.jsonl.gz")
	covered := map[string]Type{"jwt": JWT, "aws-access-token": CloudKey, "gcp-api-key": CloudKey, "azure-ad-client-secret": CloudKey,
		"github-pat": CloudKey, "github-oauth": CloudKey, "github-app-token": CloudKey, "github-fine-grained-pat": CloudKey,
		"slack-bot-token": CloudKey, "slack-user-token": CloudKey, "slack-app-token": CloudKey, "slack-webhook-url": CloudKey, "stripe-access-token": CloudKey}
	scores := map[string]*score{}
	words := newDictionary()
	for _, r := range rows {
		typ, ok := covered[r.Rule]
		if !ok {
			continue
		}
		if scores[r.Rule] == nil {
			scores[r.Rule] = &score{}
		}
		_, got := found(words, typ, r.Text, "")
		scores[r.Rule].add(r.Positive, got)
	}
	log(t, scores)
}
