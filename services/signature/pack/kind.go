package pack

import (
	"errors"
	"fmt"
	"slices"
)

// Kind says what a text is; a rule names the kinds that it looks at.
type Kind uint16

const (
	Value    Kind = 1 << iota // of a leaf in query, body, cookie, and within values
	Name                      // the path of a leaf
	Header                    // a header's value
	Path                      // as sent
	URI                       // path and query as sent; only for rules that name it
	Body                      // a body that is no JSON and no form, as sent
	Filename                  // of an upload
	Token                     // header of the credential
	Response                  // body of the response
)

var kindNames = []string{"value", "name", "header", "path", "uri", "body", "filename", "token", "response"}

func kinds(list []string) (Kind, error) {
	if len(list) == 0 {
		return Value | Header | Path | Filename, nil
	}
	var k Kind
	var errs []error
	for _, s := range list {
		i := slices.Index(kindNames, s)
		if i < 0 {
			errs = append(errs, fmt.Errorf("where: %q is not one of %v", s, kindNames))
			continue
		}
		k |= 1 << i
	}
	return k, errors.Join(errs...)
}
