package shipper_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/shipper"
)

func builder(tb testing.TB, change func(*shipper.Masking)) *capture.Builder {
	tb.Helper()
	cfg := shipper.Defaults()
	change(&cfg.Masking)
	if err := cfg.Validate(); err != nil {
		tb.Fatal(err)
	}
	key, err := capture.NewKey("k1", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		tb.Fatal(err)
	}
	c, err := cfg.Capture(key, "default")
	if err != nil {
		tb.Fatal(err)
	}
	b, err := capture.NewBuilder(c)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func payment() *capture.Raw {
	const body = `{"payer":{"first_name":"Annabel","full_name":"Annabel Smith","email":"ann.smith@mail.example","phone":"+49 30 12345678","birthdate":"1984-06-30"},"card":{"number":"4012 8888 8888 1881","cvv":"123"},` +
		`"iban":"DE89370400440532013000","ssn":"536-90-4399","amount":1250,"currency":"EUR","note":"thanks, see https://shop.example/orders/83726451","key":"ghp_16C7e42F292c6912E7710c838347Ae178B4a"}`
	return &capture.Raw{Event: event.Event{Method: []byte("POST"), Path: []byte("/v1/payments/83726451"), Status: 201,
		RequestHeaders: []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}, RequestBody: event.Body{Data: []byte(body)}}}
}

// Nothing of what the scanner knows is left, and what is no data about anybody is.
func TestMaskingOfAPayment(t *testing.T) {
	got := string(builder(t, func(m *shipper.Masking) { m.Mode = "mask" }).Build(payment()).RequestBody.Data)
	for _, gone := range []string{"Annabel", "Smith", "ann.smith", "12345678", "88881881", "8888 1881", "0532013000", "536-90-4399", "83726451", "ghp_", `"123"`, `birthdate":"1984-06-30`} {
		if strings.Contains(got, gone) {
			t.Errorf("%s is left in %s", gone, got)
		}
	}
	for _, kept := range []string{`"amount":1250`, `"currency":"EUR"`, `"note":"thanks, see https://shop.example/orders/`, `"4012 88`, `"iban":"DE`, `.example"`} {
		if !strings.Contains(got, kept) {
			t.Errorf("%s is not in %s", kept, got)
		}
	}
}

func TestMaskingKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	var seen []string
	for _, secret := range []string{"a secret of pseudonyms, long", "another one, long enough too"} {
		if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		e := builder(t, func(m *shipper.Masking) { m.Mode, m.KeyID, m.KeyFile = "mask", "p7", file }).Build(payment())
		if !bytes.Contains(bytes.Join(e.Masked, []byte(" ")), []byte("pseudonyms:p7")) {
			t.Errorf("masked %q", e.Masked)
		}
		seen = append(seen, string(e.Path))
	}
	if seen[0] == seen[1] {
		t.Errorf("two keys, one pseudonym: %s", seen[0])
	}
	for name, change := range map[string]func(*shipper.Masking){
		`masking: mode "hide"`: func(m *shipper.Masking) { m.Mode = "hide" },
		`class card: mode "x"`: func(m *shipper.Masking) { m.Classes = map[string]string{"card": "x"} },
		`route 1: path "v1"`:   func(m *shipper.Masking) { m.Routes = []shipper.MaskRoute{{Path: "v1", Mode: "raw"}} },
	} {
		cfg := shipper.Defaults()
		change(&cfg.Masking)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not say %s", err, name)
		}
	}
	cfg := shipper.Defaults()
	cfg.Masking.Mode, cfg.Masking.KeyFile = "mask", file+".gone"
	if err := cfg.CheckFiles(); err == nil || !strings.Contains(err.Error(), "masking.key_file") {
		t.Errorf("a key that is not there: %v", err)
	}
}

// What masking adds to an event with a body of half a kilobyte full of personal data,
// and with one of 4 KB that has little of it.
func BenchmarkMasking(b *testing.B) {
	var items strings.Builder
	for i := range 40 {
		fmt.Fprintf(&items, `{"sku":"SKU-%d","name":"compact wireless keyboard","quantity":2,"unit_price":19.99,"tags":["black"]},`, i)
	}
	plain := payment()
	plain.Event.RequestBody.Data = []byte(`{"order":83726451,"items":[` + items.String() + `{}]}`)
	for _, mode := range []string{"raw", "mask", "shape"} {
		for name, raw := range map[string]*capture.Raw{"personal": payment(), "plain": plain} {
			b.Run(mode+"/"+name, func(b *testing.B) {
				build := builder(b, func(m *shipper.Masking) { m.Mode = mode })
				b.ReportAllocs()
				b.SetBytes(int64(len(raw.Event.RequestBody.Data)))
				for b.Loop() {
					r := *raw
					r.Event.RequestHeaders = append([]event.Header(nil), raw.Event.RequestHeaders...)
					build.Build(&r)
				}
			})
		}
	}
}
