package catalog

import (
	"slices"
	"testing"
)

func TestParamNames(t *testing.T) {
	f := func(template string, want ...string) {
		t.Helper()
		if got := ParamNames(template); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", template, got, want)
		}
	}
	f("/accounts")
	f("/{int}", "id")
	f("/accounts/{int}/cards/{uuid}", "accounts_id", "cards_id")
	f("/flights/{code}/{date}", "flights_id", "flights_id2")
	f("/api/v1.2/users/{id}.json", "users_id")
	f("/odata/Orders({int})/Lines", "Orders_id")
	f("/health-checks/{int}", "health_checks_id")
	f("/a/{rest}", "a_id")
	f("/users/@{string}", "users_id")
}
