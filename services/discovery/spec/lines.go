package spec

import (
	"encoding/json" // for omitzero
	"fmt"
	"io"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// line is an operation as WriteLines prints it: schemas in the catalog's form,
// for in this one they share parts without end.
type line struct {
	*Operation
	Servers   []Server    `json:"servers"`
	Params    []lineParam `json:"params,omitempty"`
	Request   []lineBody  `json:"request,omitempty"`
	Responses []lineBody  `json:"responses,omitempty"`
}

type lineParam struct {
	Param
	Schema catalog.Schema `json:"schema"`
}

type lineBody struct {
	Body
	Schema catalog.Schema `json:"schema"`
}

// WriteLines writes the operations of s, a JSON line each.
func WriteLines(w io.Writer, s *Specification) error {
	for i := range s.Operations {
		o := &s.Operations[i]
		l := line{Operation: o, Servers: s.ServersOf(o)}
		for _, p := range o.Params {
			l.Params = append(l.Params, lineParam{p, p.Schema.Catalog()})
		}
		l.Request, l.Responses = lineBodies(o.Request), lineBodies(o.Responses)
		b, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("operation %s at %s: %w", o.Label(), o.Where, err)
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return fmt.Errorf("operation %s at %s: %w", o.Label(), o.Where, err)
		}
	}
	return nil
}

func lineBodies(list []Body) []lineBody {
	var out []lineBody
	for _, b := range list {
		out = append(out, lineBody{b, b.Schema.Catalog()})
	}
	return out
}
