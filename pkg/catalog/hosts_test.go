package catalog

import (
	"slices"
	"strings"
	"testing"
)

func TestHostShapes(t *testing.T) {
	for host, want := range map[string][]string{
		"acme.api.example.com":           {"{string}.api.example.com", "acme.{string}.example.com"},
		"acme.example.com":               {"{string}.example.com"},
		"example.com":                    nil,
		"localhost":                      nil,
		"10.0.0.1":                       nil,
		"[2001:db8::1]":                  nil,
		"-":                              nil,
		"{string}.api.example.com":       nil,
		"a..example.com":                 {"{string}..example.com"},
		"a.b.c.":                         nil,
		"":                               nil,
		strings.Repeat("a.", 40) + "com": nil,
	} {
		var got []string
		HostShapes(host, func(shape string) bool {
			got = append(got, shape)
			return true
		})
		if len(host) > 80 && len(got) == maxLabels {
			continue
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", host, got, want)
		}
		for _, s := range got {
			if again, ok := HostShape(s); !ok || again != s {
				t.Errorf("the shape %q is none: %q", s, again)
			}
		}
	}
	for host, want := range map[string]string{
		"{tenant}.api.example.com": "{string}.api.example.com", "api.{t}.example.com": "api.{string}.example.com", "{t}.example.com": "{string}.example.com",
		"{t}.com": "", "example.{t}.com": "", "a{t}.example.com": "", "{t}a.example.com": "", "{}.example.com": "", "{a}.{b}.example.com": "",
		"{a/b}.example.com": "", "{a.example.com": "", "a.example.com": "", "}{.example.com": "", "{a}}.example.com": "", "{a}.0.0.1": "",
	} {
		if got, ok := HostShape(host); got != want || ok != (want != "") {
			t.Errorf("%q has the shape %q, %v, want %q", host, got, ok, want)
		}
	}
}

func TestLiveFindsHostTemplates(t *testing.T) {
	l := NewLive(&Lexical{})
	match := func(host, path string) (string, bool) {
		m := l.Match("default", host, "GET", []byte(path))
		if m.Label != m.Method+" "+m.Host+m.Template || m.ID != ID("default", m.Host, m.Method, m.Template) {
			t.Errorf("%+v", m)
		}
		return m.Host + m.Template, m.Known
	}
	expect := func(host, path, want string, known bool) {
		t.Helper()
		if got, ok := match(host, path); got != want || ok != known {
			t.Errorf("%s%s is %s, known %v; want %s, %v", host, path, got, ok, want, known)
		}
	}
	orders, users := endpoint("{tenant}.api.example.com", "GET", "/orders/{int}"), endpoint("{tenant}.api.example.com", "GET", "/users/{string}")
	empty := l.Version()
	expect("acme.api.example.com", "/orders/7", "acme.api.example.com/orders/{int}", false)
	l.Apply(orders)
	l.Apply(users)
	l.Apply(endpoint("admin.api.example.com", "GET", "/keys"))
	expect("acme.api.example.com", "/orders/7", "{tenant}.api.example.com/orders/{int}", true)
	expect("new.api.example.com:443", "/users/zelda", "{tenant}.api.example.com/users/{string}", true)
	// Its candidates are counted under the template too.
	expect("acme.api.example.com", "/nothing", "{tenant}.api.example.com/nothing", false)
	// A host that has endpoints of its own is another API.
	expect("admin.api.example.com", "/orders/7", "admin.api.example.com/orders/{int}", false)
	expect("acme.api.example.org", "/orders/7", "acme.api.example.org/orders/{int}", false)
	if m := l.Match("other", "acme.api.example.com", "GET", []byte("/orders/7")); m.Known {
		t.Errorf("%+v is another tenant's", m)
	}
	// What the template took in is found under the ids that it had.
	old := endpoint("old.api.example.com", "GET", "/orders/{int}")
	l.Apply(old)
	orders.Supersedes = []string{old.ID}
	l.Apply(orders)
	expect("old.api.example.com", "/orders/7", "{tenant}.api.example.com/orders/{int}", true)
	l.Remove(old.ID)
	expect("old.api.example.com", "/users/zelda", "{tenant}.api.example.com/users/{string}", true)
	l.Remove(orders.ID)
	l.Remove(users.ID)
	expect("acme.api.example.com", "/orders/7", "acme.api.example.com/orders/{int}", false)
	l.Remove(endpoint("admin.api.example.com", "GET", "/keys").ID)
	if l.Version() != empty || l.hosts.templates.Load() != 0 {
		t.Errorf("%d templates of hosts are left, version %s", l.hosts.templates.Load(), l.Version())
	}
}

func BenchmarkLiveMatchHost(b *testing.B) {
	for _, host := range []string{"api.example.com", "{string}.api.example.com"} {
		b.Run(host, func(b *testing.B) {
			l := NewLive(&Lexical{})
			for _, p := range []string{"/v1/orders/{int}", "/v1/users/{string}", "/v1/users"} {
				l.Apply(endpoint(host, "GET", p))
			}
			path, host := []byte("/v1/orders/4711"), strings.Replace(host, "{string}", "acme", 1)
			b.ReportAllocs()
			for b.Loop() {
				if m := l.Match("default", host, "GET", path); !m.Known {
					b.Fatal(m)
				}
			}
		})
	}
}

func FuzzHostShape(f *testing.F) {
	for _, s := range []string{"acme.api.example.com", "{t}.api.example.com", "{a}.{b}.c.d", "..", "{", "1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if shape, ok := HostShape(host); ok {
			if again, ok := HostShape(shape); !ok || again != shape {
				t.Fatalf("%q has the shape %q, and that %q", host, shape, again)
			}
		}
		HostShapes(host, func(shape string) bool {
			if again, ok := HostShape(shape); !ok || again != shape {
				t.Fatalf("%q may be %q, which has the shape %q", host, shape, again)
			}
			return true
		})
	})
}
