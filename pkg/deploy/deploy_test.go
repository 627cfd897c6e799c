package deploy_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/contract"
	"github.com/miradorhq/mirador/pkg/deploy"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func marker(id, service string, at time.Time) deploy.Marker {
	return deploy.Marker{Tenant: "default", ID: id, Service: service, Version: "1.2", At: at, Person: "ann", Note: "n"}
}

func TestContract(t *testing.T) {
	if err := contract.Compare[deploy.Marker]("deploy", "json"); err != nil {
		t.Error(err)
	}
	m := marker("d1", "accounts", noon)
	b, err := deploy.Encode(&m)
	if err != nil {
		t.Fatal(err)
	}
	if err := contract.Validate("deploy", b); err != nil {
		t.Error(err)
	}
	if got, err := deploy.Decode(b); err != nil || !reflect.DeepEqual(got, m) || string(got.Key()) != "default|d1" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := deploy.Decode([]byte("{")); !errors.Is(err, deploy.ErrMalformed) {
		t.Error(err)
	}
	m = deploy.Marker{Tenant: "a|b", Service: "a\nb", Note: strings.Repeat("n", 1001)}
	err = m.Validate()
	for _, want := range []string{"tenant, id and person", "service: must be", "note of 1001", "ts: when"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q: %v", want, err)
		}
	}
}

func TestWithin(t *testing.T) {
	l := deploy.NewLog(2)
	if !l.Empty() || !(*deploy.Log)(nil).Empty() {
		t.Error("nothing is not nothing")
	}
	l.Apply(marker("d2", "Accounts", noon))
	l.Apply(marker("d1", "accounts", noon.Add(-24*time.Hour)))
	l.Apply(marker("d2", "accounts", noon.Add(time.Minute))) // corrected
	for _, c := range []struct {
		service string
		after   time.Duration
		want    string
	}{
		{"accounts", 0, ""}, {"accounts", time.Minute, "d2"}, {"ACCOUNTS", 2 * time.Hour, "d2"}, {"accounts", 2*time.Hour + time.Minute, ""},
		{"accounts", -23 * time.Hour, "d1"}, {"accounts", -25 * time.Hour, ""}, {"cards", time.Minute, ""}, {"", time.Minute, ""},
	} {
		m, ok := l.Within("default", c.service, noon.Add(c.after), 2*time.Hour)
		if ok != (c.want != "") || ok && m.ID != c.want {
			t.Errorf("%s %v after: %q, %v, want %q", c.service, c.after, m.ID, ok, c.want)
		}
	}
	if _, ok := l.Within("acme", "accounts", noon.Add(time.Minute), time.Hour); ok {
		t.Error("a release of another tenant")
	}
	l.Remove("default", "d2")
	if _, ok := l.Within("default", "accounts", noon.Add(time.Minute), 2*time.Hour); ok {
		t.Error("it was taken back")
	}
	if !l.Apply(marker("d3", "cards", noon)) || l.Apply(marker("d4", "loans", noon)) {
		t.Error("two services have room")
	}
	for i := range 200 {
		l.Apply(marker(fmt.Sprintf("r%03d", i), "cards", noon.Add(time.Duration(i)*time.Hour)))
	}
	if m, ok := l.Within("default", "cards", noon.Add(199*time.Hour), time.Hour); !ok || m.ID != "r199" {
		t.Errorf("%+v", m)
	}
}

// FuzzDecode: any bytes are a valid record or an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"tenant":"a","id":"x","service":"s","ts":"2026-03-02T12:00:00Z","person":"ann"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := deploy.Decode(b); err == nil {
			if err := m.Validate(); err != nil {
				t.Fatal(err)
			}
			deploy.NewLog(1).Apply(m)
		}
	})
}
