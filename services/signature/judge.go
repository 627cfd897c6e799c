package signature

import (
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
)

// Judge is the second stage: it says whether a request is an attack, and whether an
// answer shows what it should not, from what the rules matched and where. It must be
// safe for concurrent use, and pure but for what it looks up of the catalog.
type Judge interface {
	// Judge must not keep e or request. It may read the response of e. endpoint is the
	// catalog's id.
	Judge(e *event.Event, endpoint string, request *content.Document, res Result) Judgement
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
	// Expected is what the catalog knows the field to hold and it did not, in words:
	// "an integer"; empty where nothing is known or it fits.
	Expected string
	// Usual is, in words, how many callers send the like; empty where that changed
	// nothing. The detector sets it.
	Usual string

	// Place is the place that decided, Habits what a habit of its callers may add to
	// the sum of the terms.
	Place  Place
	Habits Habits
	// Others are the judgements of other places that are attacks by themselves, the
	// strongest first, up to MaxPlaces; Places are all places where rules matched.
	Others []Judgement
	Places []Place
}

// Place is a value of a request: whatever is learned is learned of all values of that
// name at that location. Name is empty where no leaf is known.
type Place struct {
	Location content.Location
	Name     string
	// Classes are the classes of what matched there.
	Classes ClassSet
	// Sure is set where no habit of callers explains what matched.
	Sure bool
}

// Habits are the weights of what callers ordinarily send to a place: of the share of
// them whose values match too, and of sentences being usual there. Both are 0 or less, and
// 0 where what matched is too sure to be explained by a habit.
type Habits struct{ Common, Text float64 }

// ClassSet is a set of classes.
type ClassSet uint32

// Add puts c into s.
func (s *ClassSet) Add(c Class) { *s |= 1 << c }

// MaxTerms, MaxMatches and MaxPlaces bound a Judgement.
const (
	MaxTerms   = 12
	MaxMatches = 10
	MaxPlaces  = 16
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
