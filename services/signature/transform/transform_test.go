package transform_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/signature/transform"
	"github.com/segmentio/encoding/json"
)

// compare holds one transformation against Coraza.
func compare(tb testing.TB, o *oracle, t *transform.Transformation, a *transform.Arena, s string) {
	tb.Helper()
	want, values := o.apply(tb, s)
	a.Reset()
	before := strings.Clone(s)
	got := t.Apply(a, s)
	if got != want {
		tb.Errorf("%s of %q is %q, Coraza has %q", t.Name, s, got, want)
		return
	}
	if s != before {
		tb.Fatalf("%s wrote to its input %q", t.Name, before)
	}
	// Coraza evaluates the value as it came and then each that it calls changed.
	mine := []string{s}
	if t.Changed(s, got) {
		mine = append(mine, got)
	}
	if !slices.Equal(mine, values) {
		tb.Errorf("%s with multiMatch of %q looks at %q, Coraza at %q", t.Name, s, mine, values)
	}
	// A result must outlive the next.
	kept := strings.Clone(got)
	t.Apply(a, s+"\\x41%41 /*c*/ &amp; QUJD\xff")
	if got != kept {
		tb.Errorf("%s of %q became %q when another value was transformed", t.Name, s, got)
	}
	if !t.Always {
		if set := transform.Of(s); !set.Meets(&t.Touches) && got != s {
			tb.Errorf("%s of %q is %q, though nothing in it is touched", t.Name, s, got)
		}
	}
}

// pieces are what transformations look at, in full and cut off.
var pieces = []string{
	"", "a", "Z", "0", "7", "9", "f", " ", "  ", "\t", "\n", "\r", "\v", "\f", "\x00", "\x85", "\xa0", "\u0085", "\u00a0", "\u2003", "\u3000", "\xff", "\xc3", "\xe4\xbd",
	"é", "É", "ß", "ſ", "K", "İ", "ı", "Ⱥ", "你", "ﬁ", "𝔸", "😀", "\U0010ffff", "\ufffd", "ǆ", "Ꮳ", "ꭰ",
	"%", "%%", "%4", "%41", "%2e", "%u", "%u0", "%u004", "%u0041", "%uff1c", "%uff00", "%uff5f", "%u2019", "%u0000", "%UFF41", "%zz", "%00", "%c0%af", "+",
	"\\", "\\\\", "\\x", "\\x4", "\\x41", "\\X41", "\\u", "\\u004", "\\u0041", "\\uff1c", "\\uff5f", "\\u{", "\\u{41}", "\\u{0ff1c}", "\\u{1234567}", "\\u{}", "\\u{41",
	"\\0", "\\7", "\\8", "\\47", "\\101", "\\377", "\\400", "\\777", "\\1018", "\\a", "\\b", "\\n", "\\v", "\\'", "\\?", "\\\n", "\\q", "\\000041 ", "\\41\t", "\\ff1c", "\\d800", "\\110000", "\\0000000",
	"&", "&amp;", "&amp", "&ampx", "&lt", "&LT;", "&#", "&#x", "&#;", "&#x;", "&#60;", "&#60", "&#x3c", "&#x3C;", "&#0;", "&#128;", "&#x9f", "&#x110000;", "&#xd800;", "&#99999999999999999999;",
	"&nLt;", "&nGg;", "&notin;", "&notit;", "&not", "&CounterClockwiseContourIntegral;", "&ngeqq;", "&bne;", "&a;", "&g;", "&copy=", "&para", "&times2",
	"/", "//", "/.", "/./", "..", "/..", "/../", "../", "./", ".", "...", "a/b", "/etc/passwd", "C:", "C:\\", "\\..\\", "x:y", "::$DATA", ". ", " .", "/ /", "/:", "a./", "a :/",
	"/*", "*/", "/**/", "<!--", "-->", "--", "-", "#", "<!-", "/*/", "*", "<", ">", "--->",
	"\"", "'", "^", ",", ";", "(", " (", " /", ", (", "SELECT", "abc", "QUJD", "QUI=", "QQ==", "-_", "=", ".", "41", "4g", "4A4b",
}

// mix makes a value of some pieces.
func mix(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(7) {
		if r.IntN(8) == 0 {
			b.WriteByte(byte(r.IntN(256)))
		} else {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
	}
	return b.String()
}

// TestEqualsCoraza holds every transformation against Coraza, on single bytes, on the
// pieces above alone and mixed, and on what the corpora have.
func TestEqualsCoraza(t *testing.T) {
	names := transform.Names()
	if len(names) != 34 {
		t.Errorf("%d transformations, Coraza has 34", len(names))
	}
	values := slices.Clone(pieces)
	for c := range 256 {
		values = append(values, string([]byte{byte(c)}), string([]byte{'a', byte(c), 'b'}))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		values = append(values, mix(r))
	}
	values = append(values, corpus(t)...)
	compared := 0
	for _, name := range names {
		o := newOracle(t, name)
		tr, ok := transform.Lookup(strings.ToUpper(name))
		if !ok {
			t.Fatalf("%s is not found in upper case", name)
		}
		var a transform.Arena
		for _, v := range values {
			compare(t, o, tr, &a, v)
			compared++
		}
	}
	if compared < 34*3700 {
		t.Errorf("compared %d values only", compared)
	}
	fmt.Printf("transformations compared with Coraza: %d of %d values each\n", len(names), len(values))
}

// corpus takes bodies and targets of the corpora, evenly spread.
func corpus(t *testing.T) []string {
	dir := os.Getenv("MIRADOR_CORPORA")
	if dir == "" {
		dir = filepath.FromSlash("../../../../shared/corpora")
	}
	var values []string
	for _, name := range []string{"libinjection.jsonl.gz", "httpparams_train.jsonl.gz", "crs_regression.jsonl.gz"} {
		f, err := os.Open(filepath.Join(dir, "signature", name))
		if err != nil {
			fmt.Printf("NOT MEASURED: transformations on %s: set MIRADOR_CORPORA to the folder of the corpora\n", name)
			continue
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatalf("corpus %s: %v", name, err)
		}
		sc := bufio.NewScanner(z)
		sc.Buffer(nil, 16<<20)
		for i := 0; sc.Scan(); i++ {
			if i%60 != 0 {
				continue
			}
			var line any
			if err := json.Unmarshal(sc.Bytes(), &line); err != nil {
				t.Fatalf("corpus %s line %d: %v", name, i, err)
			}
			values = leaves(values, line)
		}
		f.Close()
	}
	return values
}

func leaves(values []string, v any) []string {
	switch v := v.(type) {
	case string:
		return append(values, v)
	case []any:
		for _, e := range v {
			values = leaves(values, e)
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			values = leaves(values, v[k])
		}
	}
	return values
}

// TestEveryCharacter compares where a table or a shortcut may be wrong: each code
// point in both cases, each %uXXXX, each named reference.
func TestEveryCharacter(t *testing.T) {
	var all, wide strings.Builder
	for r := rune(0); r <= 0x10FFFF; r++ {
		all.WriteRune(r)
		if r <= 0xFFFF {
			fmt.Fprintf(&wide, "%%u%04x", r)
		}
	}
	names, err := os.ReadFile("entities.txt")
	if err != nil {
		t.Fatal(err)
	}
	var refs strings.Builder
	for line := range strings.Lines(string(names)) {
		name := strings.Fields(line)[0]
		fmt.Fprintf(&refs, "&%s; &%s &%s; &%sx; &%s= ", name, name, name[1:], name, name[:len(name)-1])
	}
	for _, c := range []struct{ name, value string }{
		{"lowercase", all.String()}, {"uppercase", all.String()}, {"removeWhitespace", all.String()}, {"compressWhitespace", all.String()},
		{"utf8toUnicode", all.String()}, {"urlDecodeUni", wide.String()}, {"urlDecodeUni", strings.ToUpper(wide.String())}, {"htmlEntityDecode", refs.String()},
	} {
		tr, _ := transform.Lookup(c.name)
		want, _ := newOracle(t, c.name).apply(t, c.value)
		if got := tr.Apply(new(transform.Arena), c.value); got != want {
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Errorf("%s differs at %d: %q, Coraza has %q", c.name, i, got[i:min(i+40, len(got))], want[i:min(i+40, len(want))])
		}
	}
}

// TestTouches: a value without any byte that a transformation touches comes out as it is.
func TestTouches(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var a transform.Arena
	checked := 0
	for _, name := range transform.Names() {
		tr, _ := transform.Lookup(name)
		if tr.Always {
			continue
		}
		var outside []byte
		for c := range 256 {
			if !tr.Touches.Has(byte(c)) {
				outside = append(outside, byte(c))
			}
		}
		if len(outside) == 0 {
			t.Errorf("%s touches everything without saying so", name)
			continue
		}
		check := func(s string) {
			a.Reset()
			if got := tr.Apply(&a, s); got != s {
				t.Fatalf("%s makes %q of %q", name, got, s)
			}
			checked++
		}
		for _, c := range outside {
			check(string([]byte{c}))
			for _, d := range outside {
				check(string([]byte{c, d}))
			}
		}
		for range 2000 {
			b := make([]byte, r.IntN(40))
			for i := range b {
				b[i] = outside[r.IntN(len(outside))]
			}
			check(string(b))
		}
	}
	if checked < 100_000 {
		t.Errorf("only %d values were checked", checked)
	}
}

func TestLookupKnowsNoOther(t *testing.T) {
	for _, name := range []string{"", "lower", "parityEven7bit", "sqlHexDecode"} {
		if _, ok := transform.Lookup(name); ok {
			t.Errorf("%q was found", name)
		}
	}
}

// TestNoAllocation: once the arena has grown, no transformation allocates.
func TestNoAllocation(t *testing.T) {
	values := append(slices.Clone(pieces), strings.Join(pieces, ""), strings.Repeat("name=O'Brien&x=%41 ", 20))
	for _, name := range transform.Names() {
		tr, _ := transform.Lookup(name)
		var a transform.Arena
		run := func() {
			a.Reset()
			for _, v := range values {
				tr.Apply(&a, v)
			}
		}
		run()
		run()
		if n := testing.AllocsPerRun(20, run); n != 0 {
			t.Errorf("%s allocates %v times over %d values", name, n, len(values))
		}
	}
}

func TestArena(t *testing.T) {
	var a transform.Arena
	var kept []string
	for i := range 3000 {
		b := append(a.Take(40), fmt.Sprintf("value %d", i)...)
		a.Take(10) // taken and not kept: it may be handed out again
		kept = append(kept, a.Keep(b))
	}
	for i, s := range kept {
		if s != fmt.Sprintf("value %d", i) {
			t.Fatalf("value %d became %q", i, s)
		}
	}
	if s := a.Keep(append(a.Take(2), "outgrown"...)); s != "outgrown" {
		t.Errorf("what outgrew its room became %q", s)
	}
	if s := a.Keep(a.Take(5)); s != "" {
		t.Errorf("nothing became %q", s)
	}
}

func BenchmarkTransformations(b *testing.B) {
	value := strings.Repeat("The quick Brown fox; jumps over /the lazy%20dog. ", 21)[:1024]
	for _, name := range transform.Names() {
		tr, _ := transform.Lookup(name)
		b.Run(name, func(b *testing.B) {
			var a transform.Arena
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				a.Reset()
				tr.Apply(&a, value)
			}
		})
	}
}
