package flow_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/contract"
	"github.com/miradorhq/mirador/pkg/flow"
)

func TestContract(t *testing.T) {
	if err := contract.Compare[flow.Graph]("flow", "json"); err != nil {
		t.Error(err)
	}
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	g := flow.Graph{Tenant: "default", Host: "shop.example", Updated: now, Since: now.Add(-time.Hour),
		Operations:    []flow.Operation{{ID: "a", Endpoint: "POST shop.example/cart", Sessions: 9, Last: now}},
		Moves:         []flow.Move{{To: "a", Sessions: 4}},
		Prerequisites: []flow.Prerequisite{{Before: "a", Operation: "a", Sessions: 9, Ever: 9, Each: 8, Held: 5}}}
	b, err := flow.Encode(&g)
	if err != nil {
		t.Fatal(err)
	}
	if err := contract.Validate("flow", b); err != nil {
		t.Error(err)
	}
	got, err := flow.Decode(b)
	if err != nil || !reflect.DeepEqual(got, g) || string(g.Key()) != "default|shop.example" {
		t.Errorf("%+v, %v", got, err)
	}
	if !g.Prerequisites[0].Mandatory() {
		t.Error("most sessions are held to it")
	}
	for _, bad := range []string{"", "{", "[]", `{"tenant":"a"}`, `{"tenant":"a|b","host":"h"}`} {
		if _, err := flow.Decode([]byte(bad)); !errors.Is(err, flow.ErrMalformed) {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}

// FuzzDecode: any bytes are a record or an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"tenant":"a","host":"h","operations":[{"id":"x","sessions":1}],"moves":[{"to":"x"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := flow.Decode(b)
		if err != nil {
			return
		}
		if g.Tenant == "" || g.Host == "" {
			t.Fatal("a record of nobody")
		}
		if _, err := flow.Encode(&g); err != nil {
			t.Fatal(err)
		}
	})
}
