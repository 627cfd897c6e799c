package seclang

import (
	"errors"
	"fmt"
	"strings"
)

// transformations are spelled so in Rule.Transformations; the British and the American
// spelling of normalise are one.
var transformations = [...]string{
	"base64Decode", "base64DecodeExt", "base64Encode", "cmdLine", "compressWhitespace", "cssDecode", "escapeSeqDecode", "hexDecode", "hexEncode",
	"htmlEntityDecode", "jsDecode", "length", "lowercase", "md5", "normalisePath", "normalisePathWin", "removeComments", "removeCommentsChar",
	"removeNulls", "removeWhitespace", "replaceComments", "replaceNulls", "sha1", "uppercase", "urlDecode", "urlDecodeUni", "urlEncode",
	"utf8toUnicode", "trim", "trimLeft", "trimRight",
}

// transform adds a transformation; none takes away those before it.
func (r *Rule) transform(name string) error {
	if name == "none" {
		r.Transformations = nil
		return nil
	}
	if strings.EqualFold(name, "none") {
		return errors.New("write none in lower case: only so it takes away what stands before it")
	}
	one := strings.Replace(strings.ToLower(name), "normalize", "normalise", 1)
	for _, t := range transformations {
		if strings.EqualFold(t, one) {
			r.Transformations = append(r.Transformations, t)
			return nil
		}
	}
	return fmt.Errorf("unknown transformation %q", name)
}
