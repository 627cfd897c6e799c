package behavior

import (
	"bytes"

	"github.com/miradorhq/mirador/pkg/content"
)

// refusal says whether an attempt was refused by an answer whose status does not say
// so: a redirection to where one logs in, or to an error, or a document that says that
// it went wrong.
func refusal(o *observation) bool {
	e := o.tx.Event
	if e.Status >= 300 && e.Status < 400 {
		for i := range e.ResponseHeaders {
			if h := &e.ResponseHeaders[i]; len(h.Name) == 8 && bytes.EqualFold(h.Name, []byte("location")) {
				return backToLogin(h.Value)
			}
		}
		return false
	}
	if e.Status != 200 {
		return false
	}
	leaves := o.tx.Response().Leaves
	for i := range leaves {
		if l := &leaves[i]; l.Location == content.Body && refuses(o.name(l.Name), l) {
			return true
		}
	}
	return false
}

// backToLogin says whether a redirection leads to where one logs in, or says that
// something went wrong.
func backToLogin(location []byte) bool {
	path, query, _ := bytes.Cut(location, []byte("?"))
	if failureWords.in(query) {
		return true
	}
	return failureWords.in(path) || loginPath(path) && !successWords.in(path)
}

var (
	failureWords = wordsOf("error errors err fail failed failure denied invalid wrong bad incorrect badcredentials unauthorized")
	successWords = wordsOf("callback success complete done continue consent")
)

// refuses says whether a member of an answer says that a login failed.
func refuses(name *fieldName, l *content.Leaf) bool {
	switch name.bare {
	case "ok", "success", "successful", "authenticated", "valid", "loggedin", "issuccess":
		return l.Type == content.Boolean && string(l.Value) == "false"
	case "error", "errorcode", "errormessage", "failure":
		switch l.Type {
		case content.Boolean:
			return string(l.Value) == "true"
		case content.String:
			return len(l.Value) > 0
		case content.Integer:
			return string(l.Value) != "0"
		}
		return false
	case "status", "result", "state", "outcome":
		return l.Type == content.String && len(l.Value) <= 32 && failureWords.in(l.Value)
	}
	return len(l.Path) >= 8 && l.Path[:8] == "errors[]" && l.Type == content.String
}
