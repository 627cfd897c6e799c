package sets

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
)

// The same seeds give the same requests, and both labels and both halves are there.
func TestCasesRepeat(t *testing.T) {
	a, err := Cases(2)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Cases(2)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != len(b) || len(a) < 1000 {
		t.Fatalf("%d and %d requests", len(a), len(b))
	}
	var attacks, held int
	for i := range a {
		if !bytes.Equal(a[i].Line, b[i].Line) || a[i].Attack != b[i].Attack || a[i].Event == nil {
			t.Fatalf("request %d: %s and %s", i, a[i].Line, b[i].Line)
		}
		if a[i].Attack {
			attacks++
		}
		if a[i].HeldOut() {
			held++
		}
	}
	if attacks == 0 || attacks == len(a) || held == 0 || held == len(a) {
		t.Errorf("%d attacks and %d held out of %d", attacks, held, len(a))
	}
}

// Wherever a value is placed, the request carries it: a leaf has it again.
func TestPlace(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	const text = "x' or \"1\"<b>/%2e é"
	places := map[string]int{}
	var samples []Sample
	var names []string
	for range 300 {
		place, line := Place(rnd, text)
		places[place]++
		samples, names = append(samples, Sample{Set: place, Line: line}), append(names, place)
	}
	if len(places) != 7 {
		t.Errorf("places %v", places)
	}
	sealed, err := seal(samples)
	if err != nil {
		t.Fatal(err)
	}
	var doc content.Document
	for i := range sealed {
		content.ParseRequest(sealed[i].Event, &doc, content.DefaultLimits)
		found := false
		for _, l := range doc.Leaves {
			found = found || string(l.Value) == text
		}
		if !found {
			t.Fatalf("%s: %s", names[i], sealed[i].Line)
		}
	}
}

// What cannot be read is an error and not a smaller set.
func TestSealReportsErrors(t *testing.T) {
	if _, err := seal([]Sample{{Set: "broken", Line: []byte("{")}}); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("%v", err)
	}
}

func TestGeneratorTakesDocumentsApart(t *testing.T) {
	g := generator{rnd: rand.New(rand.NewPCG(1, 1)), spec: "x@1"}
	g.file(&file{kind: "md", text: "# Title of it\n\nThis is a paragraph of the text that is long enough to be taken for one, with words and nothing else in it.\n\n## Second part\n\n* fix: a bullet of a change log\n"})
	g.file(&file{kind: "json", text: `{"name":"x","description":"` + strings.Repeat("a long text ", 20) + `"}`})
	g.file(&file{kind: "js", text: strings.Repeat("const a = f(b);\n", 40)})
	if len(g.sections) != 2 || len(g.paragraphs) != 1 || len(g.changes) != 1 || len(g.documents) != 1 || len(g.code) == 0 || len(g.sentences) == 0 {
		t.Errorf("%d sections, %d paragraphs, %d changes, %d documents, %d code, %d sentences", len(g.sections), len(g.paragraphs), len(g.changes), len(g.documents), len(g.code), len(g.sentences))
	}
}
