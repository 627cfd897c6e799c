package scan

import (
	"encoding/base64"
	"math/rand/v2"
	"testing"
)

// What stands before, behind and after a slash within the base64 of a file is found as if it were not there.
func TestBesideABlob(t *testing.T) {
	s := scanner(t)
	card, key := s.class("card"), s.class("secret.aws-access-key-id")
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		raw := make([]byte, 200+r.IntN(3000))
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		file := base64.StdEncoding.EncodeToString(raw)
		cut := r.IntN(len(file) - 40)
		for _, c := range []struct {
			class Class
			text  string
		}{
			{card, "4111 1111 1111 1111 " + file}, {card, file + " 4111111111111111"}, {card, file[:cut] + "/4111111111111111/" + file[cut:]},
			{key, file[:cut] + "/AKIAQ3EGRIVNPLRMU2TE " + file[cut:]}, {key, file[:cut] + "+AKIAQ3EGRIVNPLRMU2TE"},
		} {
			found := false
			for _, m := range s.Text([]byte(c.text), nil) {
				found = found || m.Class == c.class
			}
			if !found {
				t.Fatalf("no %s in %q", s.Name(c.class), c.text)
			}
		}
	}
	l := line{text: []byte(base64.StdEncoding.EncodeToString(make([]byte, 300)))}
	if end := l.blob(0); end != 0 {
		t.Errorf("a row of A is passed to %d", end)
	}
	l.text = []byte("GET/api/v1/customerAccounts/4929001/paymentMethods/creditCards/primaryBillingAddress")
	if end := l.blob(0); end != 0 {
		t.Errorf("a path is passed to %d", end)
	}
}
