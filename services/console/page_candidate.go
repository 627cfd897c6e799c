package console

import (
	"net/http"
	"slices"
	"time"

	"github.com/miradorhq/mirador/services/discovery/spec"
)

type candidateBody struct {
	Now     time.Time
	ID      string
	Name    string
	Spec    *spec.Specification
	Size    uint64
	Current *specRow // what it would replace, nil if nothing
	Same    bool     // byte for byte
	changeSet
}

// changeSet is what changes, by operation.
type changeSet struct {
	Added, Removed, Changed []changedOperation
	All                     int // changes
	Cut                     int // operations that are not shown
}

// changedOperation is one with all that changes in it.
type changedOperation struct {
	Name    string
	Where   spec.Place
	Changes []spec.Change
}

// maxShown bounds the operations of each list, and the changes of one.
const maxShown = 200

// group sorts changes by operation. All operations of a new document are added.
func group(before, after *spec.Specification) changeSet {
	if before == nil {
		before = &spec.Specification{}
	}
	var out changeSet
	index := map[string]int{}
	for _, c := range spec.Diff(before, after) {
		out.All++
		one := changedOperation{Name: c.Operation, Where: c.Where}
		switch c.What {
		case "operation added":
			out.Added = append(out.Added, one)
		case "operation removed":
			out.Removed = append(out.Removed, one)
		default:
			i, ok := index[c.Operation]
			if !ok {
				i = len(out.Changed)
				index[c.Operation] = i
				out.Changed = append(out.Changed, one)
			}
			out.Changed[i].Changes = append(out.Changed[i].Changes, c)
		}
	}
	for _, list := range []*[]changedOperation{&out.Added, &out.Removed, &out.Changed} {
		if n := len(*list) - maxShown; n > 0 {
			*list = slices.Clip((*list)[:maxShown])
			out.Cut += n
		}
	}
	return out
}

// Shown are the changes of an operation that the page lists.
func (o changedOperation) Shown() []spec.Change { return o.Changes[:min(len(o.Changes), maxShown)] }

// More are those that it does not.
func (o changedOperation) More() int { return len(o.Changes) - len(o.Shown()) }

// current is the document of a name.
func (c *Console) current(name string) *specRow {
	if c.specs == nil {
		return nil
	}
	list, _ := c.specs.Documents(c.cfg.Tenant)
	for _, e := range list {
		if e.Name == name {
			return &specRow{Entry: e}
		}
	}
	return nil
}

// candidatePage shows what a document that was sent would change, before it does.
func (c *Console) candidatePage(w http.ResponseWriter, r *http.Request, v session) {
	k, err := c.candidates.get(v, r.PathValue("id"), c.store.now())
	if err != nil {
		c.gone(w, r, v)
		return
	}
	b := candidateBody{Now: c.store.now().UTC(), ID: k.id, Name: k.doc.Name, Spec: k.spec, Size: uint64(len(k.doc.Bytes)), Current: c.current(k.doc.Name)}
	var before *spec.Specification
	if b.Current != nil && b.Current.Specification != nil {
		before = b.Current.Specification
		b.Same = before.Digest == k.spec.Digest
	}
	b.changeSet = group(before, k.spec)
	data := c.view(v, k.doc.Name, "specifications", b)
	data.Refresh = 0 // while it is published a fetch would find it gone
	c.views.render(w, http.StatusOK, "candidate", data)
}

func (c *Console) gone(w http.ResponseWriter, r *http.Request, v session) {
	c.problem(w, r, v, http.StatusNotFound, "The document is not here any more", "A document that was sent waits half an hour to be published, for the session that sent it. Nothing was changed. Send it again.")
}

// publish makes a candidate the document of its name.
func (c *Console) publish(w http.ResponseWriter, r *http.Request, v session) {
	k, err := c.candidates.get(v, r.PathValue("id"), c.store.now())
	if err != nil || c.specs == nil {
		c.metrics.orders.WithLabelValues("publish", "invalid").Inc()
		c.gone(w, r, v)
		return
	}
	k.doc.At = c.store.now().UTC()
	if err := c.specs.Publish(r.Context(), &k.doc); err != nil {
		c.specFailed(w, r, v, "publish", k.doc.Person, k.doc.Name, err)
		return
	}
	c.candidates.drop(k.id)
	c.specDone("publish", k.doc.Person, k.doc.Name)
	http.Redirect(w, r, specLink(k.doc.Name)+"?done=published", http.StatusSeeOther)
}

// withdrawSpec ends a document.
func (c *Console) withdrawSpec(w http.ResponseWriter, r *http.Request, v session) {
	name := r.PathValue("name")
	who, err := c.person(r, v)
	if err != nil {
		c.metrics.orders.WithLabelValues("withdraw specification", "invalid").Inc()
		c.problem(w, r, v, http.StatusBadRequest, "Nothing was changed", "The specification cannot be withdrawn: "+err.Error()+".")
		return
	}
	if c.current(name) == nil {
		c.metrics.orders.WithLabelValues("withdraw specification", "invalid").Inc()
		c.fail(w, r, v, "specifications", errNotFound)
		return
	}
	if err := c.specs.Withdraw(r.Context(), c.cfg.Tenant, name); err != nil {
		c.specFailed(w, r, v, "withdraw specification", who, name, err)
		return
	}
	c.specDone("withdraw specification", who, name)
	http.Redirect(w, r, "/specifications?done=withdrawn", http.StatusSeeOther)
}

func (c *Console) specDone(what, who, name string) {
	c.metrics.orders.WithLabelValues(what, "ok").Inc()
	c.log.Info("order of a person", "order", what, "person", who, "specification", name)
}

func (c *Console) specFailed(w http.ResponseWriter, r *http.Request, v session, what, who, name string, err error) {
	c.metrics.orders.WithLabelValues(what, "failed").Inc()
	c.log.Error("order of a person failed", "order", what, "person", who, "specification", name, "error", err)
	c.problem(w, r, v, http.StatusServiceUnavailable, "The order did not reach Kafka", err.Error())
}
