package signature_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
)

// tired is an engine that gives up on what it has found one thing in.
type tired struct{}

func (tired) Version() string { return "tired" }

func (tired) Match(*event.Event) (signature.Result, error) {
	return signature.Result{Exceeded: true, Hits: []signature.Hit{{Rule: 1, Class: signature.SQLi, Score: 2}}}, errors.New("too much")
}

func TestWhatIsNotInspectedIsTold(t *testing.T) {
	f, err := signature.Factory(signature.Defaults(), tired{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := f(0)
	var tx detect.Tx
	var out detect.Out
	e := &event.Event{Tenant: []byte("default"), Method: []byte("POST"), Path: []byte("/x"), RequestTime: start.UnixNano(), RequestBody: event.Body{Data: make([]byte, 5000)}}
	tx.Reset(e, detect.Source{}, time.Unix(0, e.RequestTime), &catalog.Lexical{}, content.DefaultLimits)
	d.Detect(&tx, &out)
	if len(out.Findings) != 1 || out.Findings[0].Rule != "SIG-BUDGET" || !strings.Contains(out.Findings[0].Summary, "5000 bytes") {
		t.Errorf("%+v", out.Findings)
	}
}
