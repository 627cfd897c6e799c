package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"golang.org/x/sync/errgroup"
)

type actionsBody struct {
	Now           time.Time
	Active, Ended []actionRow
	Full          bool // there are more active ones than are shown
	CanOrder      bool
	FixedName     string
	Done          string
}

// endedRows of the actions that are over: the newest, for a look back.
const endedRows = 50

func (c *Console) actionsPage(w http.ResponseWriter, r *http.Request, v session) {
	c.showActions(w, r, v, doneSays(r.URL.Query()))
}

func (c *Console) showActions(w http.ResponseWriter, r *http.Request, v session, done string) {
	b := actionsBody{Now: c.store.now().UTC(), CanOrder: c.unblocker != nil, FixedName: c.cfg.User, Done: done}
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() (err error) { b.Active, err = c.store.activeActions(ctx); return })
	g.Go(func() (err error) { b.Ended, err = c.store.endedActions(ctx, endedRows); return })
	if err := g.Wait(); err != nil {
		c.fail(w, r, v, "actions", err)
		return
	}
	b.Full = len(b.Active) == maxActions
	b.Active = c.pending.merge(b.Active, b.Now)
	lift(b.Active, b.Now)
	c.show(w, v, "actions", "Actions", "actions", b)
}

// doneSays tells what the form before did. The words are ours: an address that
// somebody sends can't put others into the page.
func doneSays(q url.Values) string {
	switch q.Get("done") {
	case "unblocked":
		return "Published: enforcers let the target through from now on. They report below."
	case "withdrawn":
		return "Published: the allow is withdrawn. Blocks that are still in force take hold again."
	}
	return ""
}

// lives are the times that an allow can be given for.
func lives() map[string]time.Duration {
	return map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour}
}

// unblock lets the target of one action through. The form names the action only:
// whom it is about is read from the tables, so no form can let anybody else in.
func (c *Console) unblock(w http.ResponseWriter, r *http.Request, v session) {
	c.order(w, r, v, "unblock", func(a *actionRow, name string) (Order, error) {
		life, ok := lives()[r.PostForm.Get("for")]
		if !ok {
			return Order{}, fmt.Errorf("choose 1 h or 24 h")
		}
		if a.Op == action.Allow {
			return Order{}, fmt.Errorf("it is an allow already")
		}
		if !a.Live(c.store.now()) {
			return Order{}, fmt.Errorf("the action is over: nothing is blocked by it")
		}
		reason := strings.TrimSpace(r.PostForm.Get("reason"))
		if len(reason) > maxTerm {
			return Order{}, fmt.Errorf("the reason is longer than %d bytes", maxTerm)
		}
		if reason == "" {
			reason = "unblocked by " + name + " in the console"
		}
		return Order{Tenant: c.cfg.Tenant, Person: name, Target: a.Target, Scope: a.Scope, Reason: reason, Lifted: a.ID, NotAfter: c.store.now().UTC().Add(life)}, nil
	})
}

// withdraw ends an allow before its time.
func (c *Console) withdraw(w http.ResponseWriter, r *http.Request, v session) {
	c.order(w, r, v, "withdraw", func(a *actionRow, _ string) (Order, error) {
		issuer := a.Person()
		if a.Op != action.Allow || issuer == "" {
			return Order{}, fmt.Errorf("only an allow of a person can be withdrawn here")
		}
		// Its key belongs to who gave it. Who withdraws it stands in the log.
		return Order{Tenant: c.cfg.Tenant, Person: issuer, Target: a.Target, Scope: a.Scope}, nil
	})
}

// orderedBy is the name that an order goes out under: the configured one, that of the
// form, or that of the session.
func (c *Console) orderedBy(r *http.Request, v session) string {
	if c.cfg.User != "" {
		return c.cfg.User
	}
	if name := strings.TrimSpace(r.PostForm.Get("person")); name != "" {
		return name
	}
	return v.person
}

// mayOrder is the name that an order goes out under, if there is a way for it to go.
func (c *Console) mayOrder(r *http.Request, v session, connected bool, invalid func(why string)) (name string, ok bool) {
	if !connected {
		invalid(errNoKafka.Error())
		return "", false
	}
	if name = c.orderedBy(r, v); !validPerson(name) {
		invalid(wrongPerson(name))
		return "", false
	}
	return name, true
}

func wrongPerson(name string) string {
	return fmt.Sprintf("%q is not a name of letters, digits, and . _ @ - inside, up to 64. The order goes out under it", name)
}

func (c *Console) order(w http.ResponseWriter, r *http.Request, v session, what string, make func(*actionRow, string) (Order, error)) {
	invalid := func(why string) {
		c.metrics.orders.WithLabelValues(what, "invalid").Inc()
		c.problem(w, r, v, http.StatusBadRequest, "Nothing was changed", "The order to "+what+" cannot be given: "+why+".")
	}
	name, ok := c.mayOrder(r, v, c.unblocker != nil, invalid)
	if !ok {
		return
	}
	key := r.PostForm.Get("key")
	a := c.pending.byKey(key)
	if a == nil {
		var err error
		if a, err = c.store.actionByKey(r.Context(), key); err != nil {
			c.fail(w, r, v, "actions", err)
			return
		}
	}
	o, err := make(a, name)
	if err != nil {
		invalid(err.Error())
		return
	}
	send := c.unblocker.Unblock
	if what == "withdraw" {
		send = c.unblocker.Withdraw
	}
	if err := send(r.Context(), o); err != nil {
		c.metrics.orders.WithLabelValues(what, "failed").Inc()
		c.log.Error("order of a person failed", "order", what, "person", name, "target_type", o.Target.Type, "target", o.Target.Value, "error", err)
		c.problem(w, r, v, http.StatusServiceUnavailable, "The order did not reach Kafka", err.Error())
		return
	}
	c.metrics.orders.WithLabelValues(what, "ok").Inc()
	c.log.Info("order of a person", "order", what, "person", name, "target_type", o.Target.Type, "target", o.Target.Value, "scope", o.Scope, "until", o.NotAfter)
	done := "unblocked"
	if what == "withdraw" {
		done = "withdrawn"
	}
	c.pending.add(o, what == "withdraw", c.store.now().UTC())
	http.Redirect(w, r, "/actions?done="+done, http.StatusSeeOther)
}
