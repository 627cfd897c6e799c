package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/segmentio/encoding/json"
)

// healthTimeout bounds --health: a probe that hangs tells nothing.
const healthTimeout = 3 * time.Second

// askHealth asks the service that runs with these settings how it is. It is the
// probe of images that hold no shell and no other program: nil means well, an
// error says which part is not.
func (c *Config) askHealth(ctx context.Context) error {
	if c.Telemetry.Listen == "" {
		return errors.New("health: telemetry.listen is empty: the service shows no health page")
	}
	host, port, err := net.SplitHostPort(c.Telemetry.Listen)
	if err != nil {
		return fmt.Errorf("health: telemetry.listen: %w", err)
	}
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, so here too
	}
	url := "http://" + net.JoinHostPort(host, port) + "/healthz"
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	// Never by way of a proxy that the environment names.
	cl := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := cl.Do(req)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return nil
	}
	var page struct {
		Parts []struct {
			Name   string `json:"name"`
			OK     bool   `json:"ok"`
			Reason string `json:"reason"`
		} `json:"parts"`
	}
	errs := []error{fmt.Errorf("health: %s answers %s", url, res.Status)}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && json.Unmarshal(body, &page) == nil {
		for _, p := range page.Parts {
			if !p.OK {
				errs = append(errs, fmt.Errorf("%s: %s", p.Name, p.Reason))
			}
		}
	}
	return errors.Join(errs...)
}
