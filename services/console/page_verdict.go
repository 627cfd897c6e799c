package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/risk"
)

// answer is one that can be given, in words.
type answerChoice struct {
	Answer     risk.Answer
	Says, Hint string
}

func answerChoices() []answerChoice {
	return []answerChoice{
		{risk.True, "True", "it was so, and it meant harm"},
		{risk.BenignTrue, "Benign", "it was so, and they may: a test, a job, a partner"},
		{risk.False, "False", "it was not so"},
		{risk.Unknown, "Unknown", "it cannot be told; takes an earlier answer back"},
	}
}

// says is an answer in words.
func says(a risk.Answer) string {
	for _, c := range answerChoices() {
		if c.Answer == a {
			return c.Says
		}
	}
	return string(a)
}

// judgeFinding publishes what a person says of a finding. Whom and what it is about is
// read from the tables, so that no form can speak of another rule.
func (c *Console) judgeFinding(w http.ResponseWriter, r *http.Request, v session) {
	invalid := func(why string) {
		c.metrics.orders.WithLabelValues("verdict", "invalid").Inc()
		c.problem(w, r, v, http.StatusBadRequest, "Nothing was changed", "The verdict cannot be given: "+why+".")
	}
	name, ok := c.mayOrder(r, v, c.verdicts != nil, invalid)
	if !ok {
		return
	}
	said := risk.Answer(r.PostForm.Get("verdict"))
	if !slices.Contains(risk.Answers(), said) {
		invalid("choose one of the answers")
		return
	}
	note := strings.TrimSpace(r.PostForm.Get("note"))
	if len(note) > risk.MaxNote {
		invalid("the note is longer than 1000 bytes")
		return
	}
	f, err := c.store.finding(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fail(w, r, v, "findings", err)
		return
	}
	if isSum(f) {
		invalid("this finding is a sum of others; say it of those")
		return
	}
	o := risk.Verdict{Tenant: c.cfg.Tenant, Finding: f.ID, Detector: f.Detector, Rule: f.Rule, Principal: f.Principal, Verdict: said, Person: name,
		At: c.store.now().UTC().Truncate(time.Microsecond), Note: note}
	if f.Principal == "" {
		o.Addresses, o.EndpointID, o.Service = f.Addresses[:min(len(f.Addresses), risk.MaxAddresses)], f.EndpointID, f.Service
	}
	if err := c.verdicts.Publish(r.Context(), o); err != nil {
		c.metrics.orders.WithLabelValues("verdict", "failed").Inc()
		c.log.Error("verdict of a person failed", "person", name, "finding", f.ID, "error", err)
		c.problem(w, r, v, http.StatusServiceUnavailable, "The verdict did not reach Kafka", err.Error())
		return
	}
	c.metrics.orders.WithLabelValues("verdict", "ok").Inc()
	c.log.Info("verdict of a person", "person", name, "finding", f.ID, "rule", f.Rule, "verdict", said)
	c.said.add(o)
	http.Redirect(w, r, "/findings/"+url.PathEscape(f.ID)+"?done=verdict#verdict", http.StatusSeeOther)
}

// isSum says whether f is the responder's, which adds up what others found.
func isSum(f *findingFull) bool { return f.Detector == "responder" }

// verdictOf is what was said last of a finding; nil is nothing.
func (c *Console) verdictOf(r *http.Request, finding string) (*risk.Verdict, error) {
	stored, err := c.store.verdict(r.Context(), finding)
	if err != nil {
		return nil, err
	}
	return c.said.newest(finding, stored, c.store.now()), nil
}
