package operator_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/miradorhq/mirador/services/signature/operator"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

var files = fstest.MapFS{
	"words.data":  {Data: []byte("# comment\nSelect\n  union all \n\nselect from\nelect\n/etc/passwd\nÉtat\nlong word that goes on\nlong word that ends\n")},
	"short.data":  {Data: []byte("a\nbc\nbcd\nBCDE\nx y\n")},
	"nested.data": {Data: []byte("he\nshe\nhers\nhis\nher\nushers\nhersher\n")},
	"nets.data":   {Data: []byte("# ours\n10.0.0.0/8\n\n192.168.1.1, 172.16.0.0/12\n2001:db8::/32\n")},
}

// asked are the operators, one of each kind and argument that matters.
var asked = []string{
	"@contains abc", "@contains %{tx.list}", "@contains a%{tx.limit}c", "@contains %{tx.nothing}", "@strmatch abc", "@strmatch A", "@beginsWith abc",
	"@beginsWith %{tx.limit}", "@endsWith abc", "@endsWith beta", "!@endsWith c", "@streq abc", "@streq %{tx.list}", "!@streq abc", "@within abc,def", "@within %{tx.list}",
	"!@within GET POST HEAD",
	"@eq 5", "@eq %{tx.limit}", "!@eq 0", "@eq x", "@ge 5", "@gt 5", "@le 5", "@lt 5", "@lt -3", "@lt %{tx.limit}", "@ge 9223372036854775807", "@le -9223372036854775808", "@gt +5",
	"@ipMatch 10.1.2.3", "@ipMatch 10.0.0.0/8, ::1,127.0.0.1", "@ipMatch 2001:db8::/32", "@ipMatch ::ffff:10.0.0.0/104", "!@ipMatch 127.0.0.1", "@ipMatchFromFile nets.data", "@ipMatchF nets.data",
	"@pm abc def", "@pm select union SELECT", "@pm a ab abc abcd bc c", "@pm he she hers his her", "@pm É é", "@pm ab  cd", "@pm a", "@pm \xff\xfe abc",
	"@pmFromFile words.data", "@pmf short.data", "@pmFromFile nested.data",
	"@validateByteRange 32-126", "@validateByteRange 9,10,13,32-126,128-255", "@validateByteRange 1-255", "@validateByteRange", "@validateByteRange 3-5, 65",
	"@validateUrlEncoding", "@validateUtf8Encoding", "@detectSQLi", "@detectXSS", "!@detectXSS", "@unconditionalMatch", "@noMatch",
	`@validateNid us ([0-9]{3})-?([0-9]{2})-?([0-9]{4})`, `@validateNid cl [0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}-?[0-9kK]`, `@validateNid cl \S+`, `@validateNid us \S*`,
	"@rx abc", "!@rx abc", "abc|def", "@rx ^a.c$", "@rx (?i)select\\s+(.+?)\\s+from", `@rx (a)(b)?(c)(d)?(e)?(f)?(g)?(h)?(i)?(j)?(k)?`, "@rx ^$", "@rx (^|x)y$", `@rx \x5c\x22`, `@rx [\xc0-\xff]`,
	`@rx \xff`, `@rx (?i)\xc3\xa9+(.)`, `@rx \xe9(.)(x)?`, `@rx \x{e9}.`, `@rx \x{c3}\x{a9}`, `@rx \x{263a}`, `@rx ^[\x20-\x7e]+$`, `@rx [^\x00-\x7f]`, `@rx \\xff`, `@rx é|(.)`, `@rx \x80`, `@rx (\xbc[^\xbe>]*[\xbe>])|(?:<)`, `@rx \xff$`,
	`@rx (?i)(?:\xe9|k[s\xc5])x+`, `@rx \$+(?:[a-z\x7f-\xff]*|\{.+\})\(.*\)`, `@rx (?:\xff|<)[^>]*(?:>|\xbe)|\x00{2,}\xfe`, `@rx é\xff?x`, `@rx (?:a\xff)*`, `@rx [^\x00-\xfe]`, `@rx (?:\xac|.)b{0,3}c`,
}

// values are what they are asked about.
var values = []string{
	"", "a", "abc", "ABC", "xabcx", "abcabc", "ab", "bc", "abcd", "a5c", "alpha", "beta", "alpha beta", "alpha beta gamma", "GET", "POST", "GE", "tx.nothing", "%{tx.nothing}", " ", "abcdefghijkl", "ac",
	"a\nc", "x\ny", "x\nabc\n", "\n", "\\\"", "\\xff", "y", "xy", "abcabdabe",
	"0", "5", "6", "-5", "+5", "05", "5 ", " 5", "5x", "1e3", "0x5", "1_000", "-", "+", "--5", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"18446744073709551615", "18446744073709551616", "18446744073709551616x", "9999999999999999999x", "99999999999999999999", "-99999999999999999999", "5\x00",
	"10.1.2.3", "10.1.2.4", "192.168.1.1", "192.168.1.2", "172.31.0.1", "127.0.0.1", "127.1", "::1", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "2001:db8::5", "2001:DB8:0:0::5", "fe80::1%eth0", "010.1.2.3", "10.1.2.3/32", "[::1]", "10.1.2.3 ",
	"SELECT", "seLect", "union all", "UNION ALL", "xxselect fromxx", "selectunionselect", "electselect from", "/etc/PASSWD", "état", "ÉTAT", "long word that goes on", "long word that goes of", "LONG WORD THAT ENDS", "sel", "lect",
	"ushers", "USHERSHERS", "hishehersher", "aaaaaaaaaaaaaaaa", "bcdbcde", "x y", "xx yy", "bcdebcdebcdebcdebcdebcdebcde", "abcabcabcabcabcabcabcabc", "cdcdcdcd",
	"%", "%4", "%41", "%zz", "%41%", "a%4g", "%%41", "100%", "%0", "\xff", "\xc3\xa9", "é", "éa", "\xe9x", "\xe9\xe9", "\xe9xx", "☺", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xff\n", "\xff\nx", "\xbcscript\xbe", "<b", "\xfe\xff\xfe", "ÿ", "\u0080", "¼x¾",
	"1' OR '1'='1", "1 union select 1,2,3--", "<script>alert(1)</script>", "x onerror=alert(1)", "\"><svg/onload=1>", "hello world", "sleep(5)", "SELECT a FROM b", "select\n*\nfrom",
	"123-45-6789", "078-05-1120", "000-12-3456", "666-12-3456", "111111111", "123456789", "740-01-0001", "739-01-0001 078051120 111-11-1111", "12.345.678-5", "11.111.111-1", "7654321-6", "12345670-K", "12345670-k 11111111-1", "kkkkkkkkk", "--------", "K1111111", "99999999999999999999999-1",
	"k\xe5x", "Ks", "KSX", "\xc9x", "$f(1)", "${a}(b)", "$\xff()", "<a>", "\xffa\xbe", "\x00\x00\xfe", "\x00\xfe", "éx", "\xc3\xa9\xffx", "bbbc", "a\xffa\xff", "\xffc",
	"\x00\x01\x02\x03\x04\x05", "A", "A\x00", "\t\r\n",
}

// mix joins parts of values.
func mix(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(5) {
		v := values[r.IntN(len(values))]
		if len(v) > 1 && r.IntN(3) == 0 {
			v = v[r.IntN(len(v)):]
		}
		b.WriteString(v)
		if r.IntN(6) == 0 {
			b.WriteByte(byte(r.IntN(256)))
		}
	}
	return b.String()
}

// TestEqualsCoraza asks every operator about every value, with and without captures.
func TestEqualsCoraza(t *testing.T) {
	all := slices.Clone(values)
	r := rand.New(rand.NewPCG(5, 6))
	for range 400 {
		all = append(all, mix(r))
	}
	compared, left := 0, 0
	for _, text := range asked {
		for _, capturing := range []bool{false, true} {
			if capturing && strings.Contains(text, "ab  cd") {
				left += len(all) // Coraza matches everywhere and stores words of other places
				continue
			}
			p := newPair(t, files, text, capturing)
			for _, v := range all {
				p.compare(t, v)
				compared++
			}
		}
	}
	fmt.Printf("operators compared with Coraza: %d, %d answers\n", len(asked), compared)
	if want := len(asked)*2*len(all) - left; compared != want {
		t.Errorf("%d answers compared, there are %d", compared, want)
	}
}

// TestErrors: what cannot work is refused, and the error says what to do instead.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		op   seclang.Operator
		want string
	}{
		{seclang.Operator{Name: "rbl", Argument: "list.example"}, "@rbl: detection makes no look-ups"},
		{seclang.Operator{Name: "geoLookup"}, "@ipMatchFromFile"},
		{seclang.Operator{Name: "inspectFile", Argument: "/bin/true"}, "starts no program"},
		{seclang.Operator{Name: "validateSchema", Argument: "a.json"}, "INV-01"},
		{seclang.Operator{Name: "restpath", Argument: "/a/{id}"}, "@rx"},
		{seclang.Operator{Name: "fuzzyHash"}, "@fuzzyHash: unknown operator"},
		{seclang.Operator{Name: "rx", Argument: "("}, "missing closing"},
		{seclang.Operator{Name: "rx", Argument: `(\xff`}, "missing closing"},
		{seclang.Operator{Name: "pmFromFile", Argument: "empty.data"}, "no words"},
		{seclang.Operator{Name: "contains"}, "no text"},
		{seclang.Operator{Name: "eq"}, "no number"},
		{seclang.Operator{Name: "ipMatch", Argument: "10.0.0.1,10.0.0.256"}, `"10.0.0.256" is no address`},
		{seclang.Operator{Name: "ipMatch", Argument: "localhost"}, `"localhost" is no address`},
		{seclang.Operator{Name: "validateByteRange", Argument: "1-256"}, `"256" is not the number of a byte`},
		{seclang.Operator{Name: "validateByteRange", Argument: "5-3"}, `"5-3" is no range`},
		{seclang.Operator{Name: "validateByteRange", Argument: "a"}, `"a" is not`},
		{seclang.Operator{Name: "validateNid", Argument: "de [0-9]+"}, "cl or us"},
		{seclang.Operator{Name: "validateNid", Argument: "cl"}, "cl or us"},
		{seclang.Operator{Name: "validateNid", Argument: "cl ("}, "missing closing"},
	} {
		if o, err := operator.New(&c.op); err == nil {
			t.Errorf("@%s %s was accepted: %v", c.op.Name, c.op.Argument, o)
		} else if !strings.Contains(err.Error(), c.want) || errors.Unwrap(err) == nil {
			t.Errorf("@%s %s: %v, should say %q", c.op.Name, c.op.Argument, err, c.want)
		}
	}
}

// TestDatasetCase: a word of a dataset matches in either case, as one of a file does.
func TestDatasetCase(t *testing.T) {
	o, err := operator.New(&seclang.Operator{Name: "pmFromDataset", Argument: "d", Lines: []string{"SeLect", "b", "B", "select"}})
	if err != nil {
		t.Fatal(err)
	}
	pm := o.(*operator.Pm)
	if !slices.Equal(pm.Words, []string{"b", "select"}) {
		t.Errorf("words are %q", pm.Words)
	}
	for v, want := range map[string]bool{"xSELECTx": true, "B": true, "selec": false, "": false} {
		if pm.Match(v, &env{}) != want {
			t.Errorf("of %q should be %v", v, want)
		}
	}
}

var word = regexp.MustCompile(`^([0-9]*|[A-Za-z_]\w*)$`)

// TestNoAllocation: an operator that does not match allocates nothing. Left out are
// expressions, whose memory is the library's, values that make netip report an error,
// and those about which libinjection is asked.
func TestNoAllocation(t *testing.T) {
	e := &env{capturing: true}
	for _, text := range asked {
		if strings.Contains(text, "%{") || strings.Contains(text, "validateNid") || strings.Contains(text, "@rx") || text == "abc|def" {
			continue
		}
		p := newPair(t, files, text, true)
		var quiet []string
		for _, v := range values {
			switch {
			case p.ours(v).matched:
			case strings.Contains(text, "@ipMatch") && net.ParseIP(v) == nil && strings.ContainsAny(v, ".:"):
			case strings.Contains(text, "@detectSQLi") && !word.MatchString(v):
			case strings.Contains(text, "@detectXSS") && strings.ContainsAny(v, "<="):
			default:
				quiet = append(quiet, v)
			}
		}
		if n := testing.AllocsPerRun(20, func() {
			for _, v := range quiet {
				p.mine.Match(v, e)
			}
		}); n != 0 {
			t.Errorf("%s allocates %v times over %d values", text, n, len(quiet))
		}
	}
}
