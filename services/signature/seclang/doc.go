// Package seclang reads SecLang, the language of ModSecurity, Coraza and the OWASP
// core rule set, into rules. It evaluates nothing.
//
// What a text means here is what Coraza 3.8 makes of it: which default actions a rule
// inherits, what an exception attaches to, which keys are lower-cased, where a quote
// ends. The tests compare every rule of the core rule set, down to its targets and
// macros, with what Coraza compiled.
//
// Where Coraza passes over something in silence, this package refuses it, with file
// and line: what is not understood would otherwise be a rule that never fires. So
// these are errors: a directive, variable, operator, transformation or action that is
// unknown or cannot work out of band; a regular expression that is not closed, or a
// quote that is not and hides an action; a continued line at the end of a file; a
// chain that does not go on with the next directive; a rule without an id; a skipAfter
// without its marker; a ctl whose value cannot be meant; an Include that matches
// nothing. All errors of a Parse are reported at once. What only steers logging,
// storage or refusing, which do not exist here, is accepted by name (the list in
// directive.go) and has no effect.
//
// Beyond Coraza it knows SecRuleUpdateTargetByMsg, and the update directives take
// several ids, of which Coraza sees the first.
package seclang
