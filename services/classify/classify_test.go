package classify

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/classifier/scan"
)

const input = `{"id":7,"text":"für ann@example.com, card 4111 1111 1111 1111"}
{"id":"b","value":"390.533.447-05"}

nonsense
{"id":"c","value":"536904399","name":"ssn"}
{"id":"d"}
{"text":"nothing here"}
`

const output = `{"id":7,"matches":[{"class":"email","start":4,"end":19,"score":0.95,"masked":"a**@example.com"},{"class":"card","start":26,"end":45,"score":0.99,"masked":"4111 11** **** 1111"}]}
`

func TestRun(t *testing.T) {
	s, err := scan.New()
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(input))
	z.Close()
	var plain string
	for _, in := range []string{input, zipped.String()} {
		var out bytes.Buffer
		var complaints []string
		sum, err := Run(t.Context(), s, strings.NewReader(in), &out, func(c string) { complaints = append(complaints, c) })
		if err != nil {
			t.Fatal(err)
		}
		if sum != (Summary{Lines: 7, Bad: 2}) {
			t.Errorf("%+v", sum)
		}
		if len(complaints) != 2 || !strings.HasPrefix(complaints[0], "line 4: ") || complaints[1] != "line 6: want one of text and value" {
			t.Errorf("%q", complaints)
		}
		if !strings.HasPrefix(out.String(), output) {
			t.Errorf("got %s", out.String())
		}
		for _, want := range []string{`{"id":"b","matches":[{"class":"br.cpf","start":0,"end":14,`, `{"class":"us.ssn","start":0,"end":9,"score":0.75,"masked":"*******99"}`, `{"id":null,"matches":[]}`} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %s in\n%s", want, out.String())
			}
		}
		if plain == "" {
			plain = out.String()
		} else if plain != out.String() {
			t.Errorf("gzipped it is %s", out.String())
		}
	}
}

// What editors and other systems put around lines does not matter, and a bad line costs no other.
func TestOddInput(t *testing.T) {
	s, err := scan.New()
	if err != nil {
		t.Fatal(err)
	}
	const row = `{"id":1,"text":"ann@example.com"}`
	for name, c := range map[string]struct {
		in          string
		good        int
		bad, counts int
	}{
		"nothing": {"", 0, 0, 0}, "one": {row, 1, 0, 1}, "a mark before": {"\ufeff" + row + "\n" + row, 2, 0, 2}, "CRLF": {row + "\r\n\r\n" + row + "\r\n", 2, 0, 3},
		"binary": {"\x00\xff\x7fELF\x01\n" + row + "\n\x00", 1, 2, 3}, "UTF-16": {"\xff\xfe{\x00\n" + row, 1, 1, 2},
		"other JSON": {"[1,2]\nnull\n3\n{}\n" + `{"text":5}` + "\n" + `{"text":"a","value":"b"}` + "\n" + row, 1, 6, 7},
	} {
		var out bytes.Buffer
		told := 0
		sum, err := Run(t.Context(), s, strings.NewReader(c.in), &out, func(string) { told++ })
		if err != nil || strings.Count(out.String(), `"class":"email"`) != c.good || told != c.bad || sum != (Summary{Lines: c.counts, Bad: c.bad}) {
			t.Errorf("%s: %v, %+v, %d complaints\n%s", name, err, sum, told, out.String())
		}
	}
}
