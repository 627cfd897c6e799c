// Package pack holds Mirador's own rules: attacks that the core rule set has no
// word for, or finds only in some of their spellings.
//
// A rule is a file of rules/ in YAML with what it is about, where it looks, its
// patterns and the cases that it must and must not match:
//
//	id: windows-command              unique; the file bears the same name
//	class: rce                       the finding's class
//	title: Windows command           what an analyst reads
//	strength: strong                 sure, strong or hint: how much it says by itself
//	where: [value, header, uri]      parts that it looks at; these where none are named
//	fields: '^kid$'                  only in leaves whose path matches
//	headers: [x-original-url]        only in these headers
//	patterns: ['...']                RE2, without regard to case; any of them
//	                                 or {re: '...', need: ['...']} with literals of its own
//	need: ['net ']                   for patterns that no literal can be derived of
//	commands: [{words: [id], then: '\s*$'}]   words where a shell expects a command
//	                                 start: also at the start of a text; first: only there,
//	                                 behind separators
//	longest: 700                     bytes: longer texts are not looked at
//	graphql: {depth: 15}             in place of patterns: measures of an operation
//	parser: sql                      in place of patterns: a parser (sql, xss), asked about
//	                                 what an encoding hid
//	cwe, attack, remediation         where they differ from the class's
//	positive, negative               cases; a case is a text or {field, text, ...}
//
// Texts are matched in several views: as they are, with what is still encoded
// decoded (percent, entities, \x and \u escapes, overlong UTF-8; DecodeDepth times
// at most), and with what shells and databases skip left out (quotes inside of
// words, carets, $IFS, comments).
//
// A pattern is tried only where one of its literals occurs, which Matcher finds out
// in one pass; so a text that nothing is wrong with costs that pass and no
// allocation.
package pack
