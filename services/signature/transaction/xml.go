package transaction

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// readXML makes XML: the values of all attributes under "//@*", and the pieces of
// text under "/*". It asks the decoder for whole tokens, not raw ones: elements that
// do not match end the reading, and then nothing of the body is a value.
func (t *Tx) readXML(body string) error {
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var texts []Value
	for {
		token, err := d.Token()
		if err != nil && !errors.Is(err, io.EOF) && !cutOff(err) {
			t.xml = t.xml[:0]
			return err
		}
		switch token := token.(type) {
		case nil:
			t.xml = append(t.xml, texts...)
			return nil
		case xml.StartElement:
			for i := range token.Attr {
				t.xml = append(t.xml, Value{"//@*", token.Attr[i].Value})
			}
		case xml.CharData:
			if s := strings.TrimSpace(view(token)); s != "" {
				texts = append(texts, Value{"/*", t.arena.join(s)})
			}
		}
	}
}

// cutOff says whether err is that the text ends too early, which is no error here.
func cutOff(err error) bool {
	var syntax *xml.SyntaxError
	return errors.As(err, &syntax) && syntax.Msg == "unexpected EOF"
}
