package operator_test

import (
	"strconv"
	"testing"

	"github.com/corazawaf/libinjection-go"
	"github.com/miradorhq/mirador/services/signature/operator"
	"github.com/miradorhq/mirador/services/signature/seclang"
	"rsc.io/binaryregexp"
)

// FuzzEqualsCoraza asks all operators about one value.
func FuzzEqualsCoraza(f *testing.F) {
	for _, v := range values {
		f.Add(v)
	}
	var pairs []*pair
	for i, text := range asked {
		if p := newPair(f, files, text, i%3 > 0); text != "@pm ab  cd" {
			pairs = append(pairs, p)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range pairs {
			p.compare(t, s)
		}
	})
}

// FuzzInjection holds the shortcuts of this package against libinjection itself.
func FuzzInjection(f *testing.F) {
	for _, v := range injections {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := env{capturing: true}
		found, fingerprint := libinjection.IsSQLi(s)
		if (operator.SQLi{}).Match(s, &e) != found || found && e.heard.captures[0] != fingerprint {
			t.Errorf("SQLi of %q: libinjection says %v %q", s, found, fingerprint)
		}
		if xss := libinjection.IsXSS(s); (operator.XSS{}).Match(s, &e) != xss {
			t.Errorf("XSS of %q: libinjection says %v", s, xss)
		}
	})
}

// injections are those that do without what a shortcut may look for.
var injections = []string{
	"x onload=1", "onload\x00=1", "o\x00nload \x00\t=1", "' onclick=a", "\"onclick=a", "`onclick=a", "/onclick=a", "x/\x00onclick=a", "href=javascript:1", "x href = 'java", "by=data:", "to=vbscript:", "xlink:href=data:1",
	"xmlns=1", "xlink =1", "xmlns:x=1", "=onload=1", "on=1", "one=1", "src=x", "style=x", "attributename=onload", "values=&#x6a;ava", "a'>b", "=", "==", "o=nload=", "<", "<!", "x<y=z",
	"union", "select", "1union", "0x1F", "1e5", "_", "a_b9", "9", "x'1'", "1or1", "sleep", "and", "a b", "1;", "@@version", "n1", "e1", "0b1", "1.e", "\x001", "union select",
}

// FuzzPm holds the matcher against looking for each word at each place.
func FuzzPm(f *testing.F) {
	f.Add("he she hers", "usHERs")
	f.Add("a ab abc", "xxabcab")
	f.Add("abcd abce abcdefgh bcd", "ABCDEFGabceabcdefghbcd")
	f.Fuzz(func(t *testing.T, words, s string) {
		op := &seclang.Operator{Name: "pm", Argument: words}
		o, err := operator.New(op)
		if err != nil {
			t.Fatal(err)
		}
		e := env{capturing: true}
		matched := o.Match(s, &e)
		var want heard
		n := 0
		for i := 0; i <= len(s) && n < 10; i++ {
			longest := -1
			for _, w := range o.(*operator.Pm).Words {
				if i+len(w) <= len(s) && equalFold(s[i:i+len(w)], w) {
					longest = max(longest, len(w))
				}
			}
			if longest >= 0 {
				want.captures[n] = s[i : i+longest]
				n++
			}
		}
		want.matched = n > 0
		if e.heard.matched = matched; e.heard != want {
			t.Errorf("words %q in %q: %q, should be %q", words, s, e.heard.captures, want.captures)
		}
		if o.Match(s, &env{}) != matched {
			t.Errorf("words %q in %q: captures change the answer", words, s)
		}
	})
}

// equalFold compares with ASCII letters in either case; w is in lower case.
func equalFold(s, w string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != w[i] {
			return false
		}
	}
	return true
}

// FuzzBinary holds the needs of expressions about bytes against the expressions.
func FuzzBinary(f *testing.F) {
	for _, v := range []string{`a|b`, `(?i)k+s{2,}`, `[^a-z]x`, `(a|bc|[d-f]g){1,3}`, `\$\(`, `.\x00`, `(?s).*z`, `^$`, `(ab?|c*)d`} {
		f.Add(v, "xabcdfgKS$(\x00z")
	}
	f.Fuzz(func(t *testing.T, expr, s string) {
		expr = `(?:` + expr + `)(?:\xff)?`
		re, err := binaryregexp.Compile(expr)
		if err != nil {
			return
		}
		o, err := operator.New(&seclang.Operator{Name: "rx", Argument: expr})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := o.(*operator.BinaryRx); !ok {
			return // part of expr reads as an escape with what follows
		}
		if want := re.MatchString(s); o.Match(s, &env{}) != want {
			t.Errorf("%q of %q should be %v", expr, s, want)
		}
	})
}

// FuzzNumber: comparing with a number reads it as strconv does.
func FuzzNumber(f *testing.F) {
	for _, v := range values {
		f.Add(v, v)
	}
	f.Fuzz(func(t *testing.T, with, s string) {
		a, _ := strconv.Atoi(s)
		b, _ := strconv.Atoi(with)
		for name, want := range map[string]bool{"eq": a == b, "ge": a >= b, "gt": a > b, "le": a <= b, "lt": a < b} {
			o, err := operator.New(&seclang.Operator{Name: name, Argument: with})
			if with == "" {
				if err == nil {
					t.Errorf("@%s without a number was accepted", name)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if o.Match(s, &env{}) != want {
				t.Errorf("%q @%s %q should be %v", s, name, with, want)
			}
		}
	})
}

// FuzzNew: any argument gives an operator or an error.
func FuzzNew(f *testing.F) {
	for _, a := range []string{"", "(", "1-", "-", "1-300", "10.0.0.0/8,x", "cl (", "a  b", `\x{zz}`, `\x{`, `\xff`, "\xff", "1,2-3"} {
		f.Add(a, "value 1")
	}
	f.Fuzz(func(t *testing.T, argument, s string) {
		for _, name := range []string{"rx", "pm", "pmFromFile", "contains", "within", "eq", "ipMatch", "ipMatchFromFile", "validateByteRange", "validateNid", "rbl", argument} {
			o, err := operator.New(&seclang.Operator{Name: name, Argument: argument, Lines: []string{argument}})
			if (o == nil) == (err == nil) {
				t.Fatalf("@%s %q: %v and %v", name, argument, o, err)
			}
			if o != nil {
				o.Match(s, &env{capturing: true})
			}
		}
	})
}
