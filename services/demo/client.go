package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"
)

// client is one caller of the bank: an address of its own on the loopback
// network, and a token once it has logged in.
type client struct {
	name  string
	base  string
	token string
	http  *http.Client
	agent string
}

// newClient calls from address, one of 127.0.0.0/8, so that the edge sees every
// client as a machine of its own.
func newClient(name, base, address string) *client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: 2 * time.Second}
	return &client{name: name, base: base, agent: "bank-app/4.2", http: &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second},
	}}
}

// answer is what a client learns from a response.
type answer struct {
	status  int
	blocked bool // refused by the edge on Mirador's word, not by the bank
	body    []byte
}

// actionHeader is set by the edge on what it refuses.
const actionHeader = "X-Mirador-Action"

func (c *client) do(ctx context.Context, method, path string, body []byte, contentType string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", c.name, err)
	}
	req.Host = "api.bank.example"
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", c.name, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", c.name, err)
	}
	return answer{res.StatusCode, res.Header.Get(actionHeader) != "", data}, nil
}

func (c *client) get(ctx context.Context, path string) (answer, error) {
	return c.do(ctx, http.MethodGet, path, nil, "")
}

func (c *client) post(ctx context.Context, path string, v any) (answer, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", c.name, err)
	}
	return c.do(ctx, http.MethodPost, path, body, "application/json")
}

// login keeps the token of the answer, if there is one.
func (c *client) login(ctx context.Context, username, password string) (answer, error) {
	a, err := c.post(ctx, "/v1/login", map[string]string{"username": username, "password": password})
	c.keepToken(a)
	return a, err
}

func (c *client) partnerLogin(ctx context.Context, id, secret string) (answer, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	a, err := c.do(ctx, http.MethodPost, "/oauth/token", []byte(form.Encode()), "application/x-www-form-urlencoded")
	c.keepToken(a)
	return a, err
}

func (c *client) keepToken(a answer) {
	var t struct {
		Token string `json:"access_token"`
	}
	if a.status == 200 && json.Unmarshal(a.body, &t) == nil {
		c.token = t.Token
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// pause waits, or returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func short(s string) string {
	if len(s) > 60 {
		return s[:57] + "..."
	}
	return strings.TrimSpace(s)
}
