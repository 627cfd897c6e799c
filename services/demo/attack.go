package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/services/demo/bank"
)

// attack is one attacker's story and how it ended.
type attack struct {
	Name string
	// Rules are those of which one must have named it.
	Rules []string
	// step is the n-th request.
	step func(ctx context.Context, c *client, n int) (answer, error)
	// prepare comes before the first step, as logging in.
	prepare func(ctx context.Context, c *client) error

	client   *client
	Requests int
	// Enforced is set when the edge refused it; Took is from its first request to that.
	Enforced bool
	Took     time.Duration
	// Held is set when what it tried afterwards was refused too.
	Held bool
}

// mostRequests bounds an attacker that is never stopped.
const mostRequests = 400

// attacks are the four of the demo. The customers at index 0 and 1 of the bank
// belong to two of the attackers.
func attacks(b *bank.Bank, base string) []*attack {
	injector, enumerator := &b.Customers[0], &b.Customers[1]
	as := func(who *bank.Customer) func(context.Context, *client) error {
		return func(ctx context.Context, c *client) error {
			_, err := c.login(ctx, who.Username, who.Password)
			return err
		}
	}
	list := []*attack{
		{
			Name: "SQL injection in a JSON field", Rules: []string{"SIG-SQLI"}, prepare: as(injector),
			step: func(ctx context.Context, c *client, n int) (answer, error) {
				return c.post(ctx, "/v1/transfers", map[string]any{
					"from": injector.Accounts[0], "to_iban": "DE89370400440532013000", "amount_cents": 100,
					"note": fmt.Sprintf("x' UNION SELECT username, password FROM users WHERE %d=%d -- ", n, n),
				})
			},
		},
		{
			Name: "credential stuffing", Rules: []string{"CRED-01"},
			step: func(ctx context.Context, c *client, n int) (answer, error) {
				return c.login(ctx, fmt.Sprintf("leaked.user%03d@mail.example", n), fmt.Sprintf("Summer%d!", n))
			},
		},
		{
			Name: "object-id enumeration", Rules: []string{"ENUM-01", "BOLA-01"}, prepare: as(enumerator),
			step: func(ctx context.Context, c *client, n int) (answer, error) {
				return c.get(ctx, fmt.Sprintf("/v1/accounts/%d", 4100201+n))
			},
		},
		{
			Name: "scan for hidden endpoints", Rules: []string{"RECON-01", "SIG-SCANNER", "SIG-LFI"},
			step: func(ctx context.Context, c *client, n int) (answer, error) {
				return c.get(ctx, scanned[n%len(scanned)]+fmt.Sprint(n/len(scanned)))
			},
		},
	}
	for i, a := range list {
		a.client = newClient(a.Name, base, fmt.Sprintf("127.0.2.%d", 1+i))
	}
	list[3].client.agent = "curl/8.5.0"
	return list
}

var scanned = []string{
	"/admin", "/admin/users", "/api/v1/users", "/v1/admin", "/v2/accounts", "/internal/metrics", "/actuator/env", "/debug/vars", "/swagger.json",
	"/openapi.json", "/graphql", "/v1/internal/config", "/console", "/backup.zip", "/server-status", "/v1/keys", "/v1/secrets", "/old/api", "/test", "/staging",
	"/v1/users/export", "/manage/health", "/env", "/config.json", "/phpinfo", "/wp-login", "/jenkins", "/solr", "/v1/debug", "/api-docs",
}

// run plays the attack until the edge refuses it, then tries three times more.
func (a *attack) run(ctx context.Context, pace time.Duration, tell func(*attack, answer)) error {
	defer a.client.close()
	if a.prepare != nil {
		if err := a.prepare(ctx, a.client); err != nil {
			return fmt.Errorf("attack %q: %w", a.Name, err)
		}
	}
	start := time.Now()
	for n := range mostRequests {
		got, err := a.step(ctx, a.client, n)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("attack %q: %w", a.Name, err)
		}
		a.Requests++
		if got.blocked {
			a.Enforced, a.Took = true, time.Since(start)
			tell(a, got)
			break
		}
		if !pause(ctx, pace) {
			return nil
		}
	}
	a.Held = a.Enforced
	for n := 0; a.Enforced && n < 3; n++ {
		if got, err := a.step(ctx, a.client, mostRequests+n); err != nil || !got.blocked {
			a.Held = false
		}
	}
	return nil
}
