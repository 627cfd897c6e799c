package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miradorhq/mirador/services/demo/bank"
)

// ordinary counts what ordinary clients asked and how often they were refused
// on Mirador's word, which must stay 0.
type ordinary struct {
	requests, blocked, failed atomic.Int64
}

// run lets customers and partners go about their business until ctx ends. The
// customers from index first on belong to them.
func (o *ordinary) run(ctx context.Context, b *bank.Bank, base string, seed uint64, first, count int, pace time.Duration) {
	var wg sync.WaitGroup
	for i := range count {
		c := newClient(b.Customers[first+i].Username, base, fmt.Sprintf("127.0.1.%d", 1+i%250))
		wg.Go(func() {
			defer c.close()
			o.customer(ctx, c, &b.Customers[first+i], rand.New(rand.NewPCG(seed, uint64(i))), pace)
		})
	}
	for i := range b.Partners {
		c := newClient(b.Partners[i].ClientID, base, fmt.Sprintf("127.0.3.%d", 1+i))
		c.agent = "partner-sync/2.0"
		wg.Go(func() {
			defer c.close()
			o.partner(ctx, c, &b.Partners[i], rand.New(rand.NewPCG(seed, 1000+uint64(i))), pace)
		})
	}
	wg.Wait()
}

// note counts one answer.
func (o *ordinary) note(ctx context.Context, a answer, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil:
		o.failed.Add(1)
	default:
		o.requests.Add(1)
		if a.blocked {
			o.blocked.Add(1)
		}
	}
}

var transferNotes = []string{"rent", "dinner on Friday", "thanks!", "invoice 2231", "O'Neill & sons", "gift; see you soon", "select committee fee", "1 of 2"}

func (o *ordinary) customer(ctx context.Context, c *client, who *bank.Customer, r *rand.Rand, pace time.Duration) {
	wait := func() bool { return pause(ctx, pace/2+rand.N(pace)) }
	call := func(a answer, err error) { o.note(ctx, a, err) }
	for wait() {
		if c.token == "" || r.IntN(40) == 0 {
			if r.IntN(8) == 0 { // a typing error, as people make them
				call(c.login(ctx, who.Username, "wrong"))
				wait()
			}
			call(c.login(ctx, who.Username, who.Password))
			continue
		}
		own := who.Accounts[r.IntN(len(who.Accounts))]
		switch n := r.IntN(10); {
		case n == 0:
			call(c.get(ctx, "/v1/customers/me"))
		case n <= 2:
			call(c.get(ctx, "/v1/accounts"))
		case n <= 5:
			call(c.get(ctx, fmt.Sprintf("/v1/accounts/%d", own)))
		case n <= 7:
			call(c.get(ctx, fmt.Sprintf("/v1/accounts/%d/transfers", own)))
		case n == 8:
			call(c.get(ctx, "/v1/cards"))
		default:
			call(c.post(ctx, "/v1/transfers", map[string]any{
				"from": own, "to_iban": "DE89370400440532013000", "amount_cents": 100 + r.IntN(20000), "note": transferNotes[r.IntN(len(transferNotes))],
			}))
		}
	}
}

func (o *ordinary) partner(ctx context.Context, c *client, who *bank.Partner, r *rand.Rand, pace time.Duration) {
	for pause(ctx, pace/2+rand.N(pace)) {
		if c.token == "" {
			a, err := c.partnerLogin(ctx, who.ClientID, who.Secret)
			o.note(ctx, a, err)
			a, err = c.get(ctx, "/partner/v1/accounts")
			o.note(ctx, a, err)
			continue
		}
		a, err := c.get(ctx, fmt.Sprintf("/partner/v1/accounts/%d/balance", who.Accounts[r.IntN(len(who.Accounts))]))
		o.note(ctx, a, err)
	}
}
