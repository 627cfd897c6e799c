package seclang

import "regexp"

// Program is what was read, in the order of the text.
type Program struct {
	Items    []Item
	Settings Settings
	// Version is SecComponentSignature; several are joined by a comma.
	Version string
}

// Item is a rule, or where Rule is nil a marker that skipAfter may name.
type Item struct {
	Rule   *Rule
	Marker string
}

// Rule is a SecRule or SecAction with its chain. Effects, Skip, SkipAfter and
// Disruptive include what was inherited from SecDefaultAction.
type Rule struct {
	ID       int // 0 for what follows in a chain, unless it states one
	ParentID int // id of the chain's first rule, in those that follow
	// Phase is 1 to 5; 0 for what follows in a chain, which runs with the first.
	Phase int
	File  string
	// Line is where the directive begins, End where it ends.
	Line, End int

	Targets         []Target
	Op              *Operator // nil: a SecAction, which always matches
	Transformations []string  // as this package spells them
	MultiMatch      bool
	Capture         bool
	// Chain is the next rule of the chain; it is walked as a list.
	Chain *Rule

	// Effects are the setvar and ctl actions in their order; SetVars and Ctls are the
	// same, each kind for itself.
	Effects []Effect
	SetVars []SetVar
	Ctls    []Ctl
	// SkipAfter, Skip and Disruptive count in the first rule of a chain only.
	SkipAfter string
	Skip      int
	// Disruptive is pass, block, deny, drop, allow or redirect; empty where nothing
	// says. A block that a default action defines is that action.
	Disruptive string
	AllowPhase string // of allow: "phase", "request", or empty for all
	Redirect   string
	Status     int

	Severity           int // 0 (emergency) to 7 (debug), -1 where none is given
	Msg, LogData       Macro
	HasMsg             bool
	Tags               []string
	Ver, Rev           string
	Maturity, Accuracy int
	Log, AuditLog      bool
}

// Target is one variable that a rule reads.
type Target struct {
	Variable Variable
	// Key is empty for all of a collection. It is in lower case unless the collection
	// is case sensitive. The key of XML is an XPath.
	Key string
	// KeyRegexp is given instead of Key; its text is in lower case likewise, classes
	// such as \W included, as Coraza has it.
	KeyRegexp  *regexp.Regexp
	Count      bool // how many there are, instead of their values
	Exceptions []Exception
}

// Exception takes values out of a target. It is compared with the key in lower case,
// whatever the collection; with neither Key nor KeyRegexp it takes out everything.
type Exception struct {
	Key       string
	KeyRegexp *regexp.Regexp
}

// Operator is what a rule asks of a value.
type Operator struct {
	Name     string // "rx", "pm", "pmFromFile", ...; an alias is resolved
	Negated  bool
	Argument string
	// Macro is the argument, for operators that expand macros, where it holds one.
	Macro Macro
	// Lines are those of the named file or dataset, without comments; in lower case
	// for pmFromFile.
	Lines []string
}

// Effect is what a match does to the transaction: one of the two is set.
type Effect struct {
	SetVar *SetVar
	Ctl    *Ctl
}

// SetVar sets a variable of TX.
type SetVar struct {
	// Key is without "tx." and in lower case; what its macros expand to is yet to be
	// lower-cased.
	Key Macro
	// Op is '=', '+', '-', or '!' for unset, which has no Value. Where Value begins with
	// a macro Op is '=', and a sign in what that expands to counts as Op.
	Op    byte
	Value Macro // without the sign
}

// Ctl changes how the transaction is looked at. Action is spelled as in SecLang.
type Ctl struct {
	Action string
	Value  string   // all that stands between = and ;
	IDs    [][2]int // ruleRemoveById, ruleRemoveTargetById: first and last
	Tag    string   // ruleRemoveByTag, ruleRemoveTargetByTag
	Msg    string   // ruleRemoveByMsg, ruleRemoveTargetByMsg: compare with Macro.String
	// Target is what the ruleRemoveTarget forms take away, as an Exception would.
	Target *Target
}
