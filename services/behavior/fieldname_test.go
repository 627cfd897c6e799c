package behavior

import (
	"fmt"
	"strings"
	"testing"
)

// However many names were sent, they say what they say, and few are remembered.
func TestNamesAreBounded(t *testing.T) {
	h := newHasher("a secret of the tests")
	n := newNames(&h)
	want := *n.fields.of("accountId")
	if want.noun != "accounts" || !want.id || !want.served || want.bare != "accountid" {
		t.Errorf("accountId says %+v", want)
	}
	for i := range 2*maxMemo + 10 {
		n.fields.of(fmt.Sprintf("name%d", i))
	}
	n.fields.of(strings.Repeat("long", maxMemoText))
	if got := *n.fields.of("accountId"); got != want {
		t.Errorf("accountId says %+v, and said %+v", got, want)
	}
	if len(n.fields.known) > maxMemo {
		t.Errorf("%d names remembered", len(n.fields.known))
	}
}

// A name that is looked up as bytes, or in a buffer that changes afterwards, is the same.
func TestNamesAreKept(t *testing.T) {
	h := newHasher("a secret of the tests")
	n := newNames(&h)
	agent := []byte("bank-app/4.2")
	first := n.agents.ofBytes(agent)
	copy(agent, "shop")
	if n.agents.of("bank-app/4.2") != first || n.agents.ofBytes(agent) == first {
		t.Error("the family of an agent followed its buffer")
	}
}

// The ways to hash a tenant and a part give one hash.
func TestHashesWithinATenant(t *testing.T) {
	h := newHasher("a secret of the tests")
	for _, tenant := range []string{"", "default", "another"} {
		if h.enter(tenant) != h.of(tenant) {
			t.Errorf("%q: another scope", tenant)
		}
		for _, part := range []string{"", "17", "sub:customer", strings.Repeat("x", 100)} {
			want := h.of(tenant, part)
			if h.within(part) != want || h.withinBytes([]byte(part)) != want {
				t.Errorf("%q in %q hashes otherwise", part, tenant)
			}
		}
	}
	if h.joined("query", "id") != h.of("query id") {
		t.Error("joined parts hash otherwise")
	}
}
