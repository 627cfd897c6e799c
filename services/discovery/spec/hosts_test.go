package spec

import "testing"

func TestHostCovers(t *testing.T) {
	for _, c := range []struct {
		want, host string
		covers     bool
	}{
		{"", "api.example.com", true}, {"api.example.com", "api.example.com", true}, {"api.example.com", "www.example.com", false},
		{"{tenant}.example.com", "acme.example.com", true}, {"{tenant}.example.com", "{string}.example.com", true},
		{"acme.example.com", "{string}.example.com", true}, {"acme.example.org", "{string}.example.com", false},
	} {
		if got := hostCovers(c.want, c.host); got != c.covers {
			t.Errorf("%q covers %q: %v", c.want, c.host, got)
		}
	}
}
