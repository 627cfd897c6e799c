package decide

import (
	"net/http"
	"testing"
)

// TestPathAfterDecide: Envoy's ext_authz appends the request's own path and query.
func TestPathAfterDecide(t *testing.T) {
	d := newDecider(t, nil, nil)
	hold(t, d, "block address 192.0.2.7", "block address 192.0.2.9 api.example/accounts")
	f := func(want int, target, address string) {
		t.Helper()
		got := ask(t, d, target, "X-Forwarded-For", address)
		if got.StatusCode != want {
			t.Errorf("%s of %s: %d, want %d", target, address, got.StatusCode, want)
		}
	}
	for _, target := range []string{"/v1/decide", "/v1/decide/", "/v1/decide/accounts/7?x=1", "/v1/decide//accounts", "/v1/decide/a/../b", "/v1/decide/%2e%2e/b"} {
		f(http.StatusForbidden, target, "192.0.2.7")
		f(http.StatusOK, target, "192.0.2.8")
	}
	f(http.StatusForbidden, "http://api.example/v1/decide/accounts", "192.0.2.9")
	f(http.StatusOK, "http://api.example/v1/decide/transfers", "192.0.2.9")
	f(http.StatusOK, "http://other.example/v1/decide/accounts", "192.0.2.9")
	if got := ask(t, d, "/v1/actions/"); got.StatusCode != http.StatusNotFound {
		t.Errorf("another path: %d", got.StatusCode)
	}
}
