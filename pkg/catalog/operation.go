package catalog

import "strings"

// operationMark stands between the template of a path and the operation that
// requests to it ask for in their bodies. In the template of a path it never
// stands: a path that holds one, escaped, has a {string} there.
const operationMark = "#"

// WithOperation is the template of an operation at a path: "/graphql#query
// GetUser", "/mcp#tools/call search".
func WithOperation(path, operation string) string { return path + operationMark + operation }

// SplitOperation takes a template apart; the operation is empty for a path's own.
func SplitOperation(template string) (path, operation string) {
	path, operation, _ = strings.Cut(template, operationMark)
	return path, operation
}
