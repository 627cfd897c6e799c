package signature

import (
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
)

// Judge is the second stage: it says whether a request is an attack, and whether an
// answer shows what it should not, from what the rules matched and where. It must be pure and safe for concurrent use.
type Judge interface {
	// Judge must not keep e or request. It may read the response of e.
	Judge(e *event.Event, request *content.Document, res Result) Judgement
	// Answer is about the response; Attack says that it is worth a finding.
	Answer(e *event.Event, res Result) Judgement
	Version() string
}

// Judgement is what a Judge says. For most transactions it is the zero value.
type Judgement struct {
	Attack bool
	// Score is 0 to 1: the chance that it is an attack.
	Score float64
	// Threshold is the score from which it is one.
	Threshold float64
	Class     Class
	// Terms are what the score was made of, what says most first, up to MaxTerms;
	// Bias is where they start from. Their sum is the logarithm of the odds.
	Terms []Term
	Bias  float64
	// Matches are what was found at the place that decided, what says most first.
	Matches []Match
}

// MaxTerms and MaxMatches bound a Judgement.
const (
	MaxTerms   = 12
	MaxMatches = 10
)

// Term is one summand of a score.
type Term struct {
	Name   string
	Value  float64
	Weight float64
}

// Contribution is what the term adds.
func (t Term) Contribution() float64 { return t.Value * t.Weight }

// Match is a rule that matched a place. Value is raw and must not leave Prepare
// unmasked.
type Match struct {
	Rule                  string // "crs 942100", "windows-command"
	Title                 string
	Class                 Class
	Location, Name, Value string
	CWE, ATTACK           []string // empty: the class's
	Remediation           string   // empty: the class's
	Depth                 int      // layers of encoding that were undone
}
