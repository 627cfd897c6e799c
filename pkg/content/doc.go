// Package content recognises and parses what a transaction carries: one pass
// yields typed leaves (location, path, decoded value, raw value) of path, query,
// headers, cookies and bodies.
//
// Leaves are what the message itself states. What stands inside such a value (JSON
// in a string, base64, a token, the arguments of a GraphQL query) is in Nested, so
// a detector chooses whether it looks there, and one that does not sees the same
// leaves whatever a value hides. Operations are what a message asks for where
// the path does not say it: GraphQL, JSON-RPC, MCP, SOAP, gRPC.
//
// Ambiguity between parsers is a result, not an error: duplicate keys, bad
// UTF-8, a body that is not what it says it is, each an Issue that detectors read.
// Nothing is dropped in silence: what a parser could not read is a leaf as text. Bodies
// in UTF-16 are read as well, since parsers of many platforms read them unasked.
//
// # Names
//
// The path of a leaf says where it stands, in the terms of its format:
//
//	JSON, JSON lines      user.cards[].pan
//	form, query, cookie   name
//	XML, SOAP             order.item.@id            attributes with @, no prefixes
//	multipart             upload.@filename .@type .@size    of a file; fields by name
//	protobuf, gRPC        1.2, or amount.cents and tags[] where Limits.Descriptors has the
//	                      message; a gRPC-Web trailer is a header like others
//	event stream          data.choices[].delta, event, id, retry, @comment, @ignored
//	WebSocket             as JSON lines, deflated or not; @ping, @close
//
// and a step into a value is a name in braces, after which comes what is in there:
//
//	{json} {base64} {percent}    filter.{percent}.{json}.role
//	{jwt}                        token.{jwt}.header.alg, token.{jwt}.payload.sub
//	{graphql}                    query.{graphql}.user.posts.@first: arguments with @,
//	                             directives with @@, defaults as $variable, fragments as ...Name
package content
