package capture

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
)

func TestTransport(t *testing.T) {
	tap, s := newTap(t)
	srv := httptest.NewUnstartedServer(api(t))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	defer srv.Close()
	c := &http.Client{Transport: tap.Transport(srv.Client().Transport)}
	big := strings.Repeat("b", 100<<10)
	if a := ask(t, c, "POST", srv.URL+"/echo", big); a.status != 201 || a.body != big {
		t.Fatal(a.status)
	}
	if a := ask(t, c, "GET", srv.URL+"/trailer", ""); a.trailer.Get("X-Sum") != "42" {
		t.Fatal(a)
	}
	if a := ask(t, c, "GET", srv.URL+"/panic", ""); !a.err {
		t.Fatal(a)
	}
	res, err := c.Get(srv.URL + "/file")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close() // not read: the length is known all the same
	e := s.wait(t, 4)
	if e[0].Status != 201 || e[0].RequestBody.WireLength != 100<<10 || e[0].ResponseBody.WireLength != 100<<10 || !e[0].ResponseBody.Truncated {
		t.Fatalf("%+v", e[0].ResponseBody.WireLength)
	}
	if string(e[1].ResponseHeader("X-Sum")) != "42" || !e[2].Has(event.Unpaired) || e[3].ResponseBody.WireLength != 200000 || !e[3].ResponseBody.Truncated {
		t.Fatal("trailer, failure or length")
	}
}
