package learn

import (
	"bytes"
	"slices"
	"testing"
)

// What was asked for in another case and answered is the name that many ask for.
func TestOtherSpellings(t *testing.T) {
	tree := New(Defaults())
	feed := func(template string, hits uint64) {
		tree.Add(Sample{Method: "GET", Template: template, Hits: hits})
		tree.Decide()
	}
	expect := func(lexical, want string) {
		t.Helper()
		if got := tree.Resolve("GET", lexical); got != want {
			t.Errorf("%s is %s, want %s", lexical, got, want)
		}
	}
	feed("/API/Accounts/{int}/cards", 2)
	expect("/API/Accounts/{int}/cards", "/API/Accounts/{int}/cards")
	feed("/api/accounts/{int}/cards", 15)
	expect("/API/Accounts/{int}/cards", "/API/Accounts/{int}/cards") // too many to be a slip
	feed("/api/accounts/{int}/cards", 40)
	expect("/API/Accounts/{int}/cards", "/api/accounts/{int}/cards")
	feed("/api/Accounts/{int}/cards", 1)
	expect("/api/Accounts/{int}/cards", "/api/accounts/{int}/cards")
	again, _, err := Decode(tree.Append(nil), Defaults())
	if err != nil || !bytes.Equal(again.Append(nil), tree.Append(nil)) {
		t.Fatalf("another tree came back: %v", err)
	}
	if got := again.Resolve("GET", "/API/Accounts/{int}/cards"); got != "/api/accounts/{int}/cards" {
		t.Errorf("after a snapshot it is %s", got)
	}
	if names, values := tree.Texts("/api"); !slices.Equal(names, []string{"Accounts", "accounts"}) || len(values) > 0 {
		t.Errorf("names %q, values %q", names, values)
	}
	feed("/API/Keys", 2) // what the other has not is no slip either
	expect("/API/Keys", "/API/Keys")
	expect("/API/Accounts/{int}/cards", "/API/Accounts/{int}/cards")
	tree.Split("", "api", "API")
	feed("/api/keys", 90)
	expect("/API/Keys", "/API/Keys")
}
