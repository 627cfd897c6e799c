package redact

import (
	"bytes"
	"strings"
)

// mask is the replacement of a secret value.
func mask(value []byte) []byte {
	if Suspicious(value) {
		return Shape(nil, value)
	}
	return []byte(Mark)
}

// Suspicious says whether value carries the syntax of an attack, which no
// password that a person types or a program makes is likely to have. It looks at
// the first 512 bytes, with percent and backslash escapes undone.
func Suspicious(value []byte) bool {
	if len(value) < 4 {
		return false
	}
	if len(value) > 512 {
		value = value[:512]
	}
	plain := true
	for _, c := range value {
		if syntax[c] {
			plain = false
			break
		}
	}
	if plain { // as nearly every token is
		return false
	}
	var room [512]byte
	v := unescape(room[:0], value)
	score := 0
	if bytes.ContainsAny(v, "'\"`") {
		score++
	}
	if bytes.ContainsAny(v, "<>") {
		score += 2
	}
	if bytes.ContainsAny(v, ";|") {
		score++
	}
	if bytes.ContainsAny(v, "(){}") {
		score++
	}
	if bytes.ContainsAny(v, " \t\r\n") {
		score++
	}
	if bytes.IndexByte(v, '=') >= 0 && !bytes.HasSuffix(v, []byte("=")) { // trailing '=' is base64
		score++
	}
	for _, s := range []string{"../", `..\`, "--", "/*", "${", "{{", "$(", "||"} {
		if bytes.Contains(v, []byte(s)) {
			score += 2
			break
		}
	}
	return score >= 3
}

// syntax marks the bytes without one of which nothing is suspicious.
var syntax = func() (t [256]bool) {
	for _, c := range []byte("'\"`<>;|(){} \t\r\n%+\\") {
		t[c] = true
	}
	return t
}()

// Shape appends the shape of value to dst: syntax and keywords of query
// languages, markup and shells stay; any other run of letters becomes x, of
// digits 0. An escape of a letter or digit counts as one.
func Shape(dst, value []byte) []byte {
	for i := 0; i < len(value); {
		c := value[i]
		if c == '%' && i+2 < len(value) && hex(value[i+1]) >= 0 && hex(value[i+2]) >= 0 {
			d := byte(hex(value[i+1])<<4 | hex(value[i+2]))
			if alnum(d) {
				dst = appendOnce(dst, d)
			} else {
				dst = append(dst, value[i:i+3]...)
			}
			i += 3
			continue
		}
		if c == '\\' && i+1 < len(value) {
			if value[i+1] == 'u' && i+6 <= len(value) {
				d := unescape(nil, value[i:i+6])
				if len(d) == 1 && !alnum(d[0]) {
					dst = append(dst, value[i:i+6]...)
				} else {
					dst = appendOnce(dst, 'x')
				}
				i += 6
				continue
			}
			if strings.IndexByte(`"\/bfnrt'`, value[i+1]) >= 0 {
				dst = append(dst, value[i:i+2]...)
			} else {
				dst = appendOnce(dst, 'x')
			}
			i += 2
			continue
		}
		if !alnum(c) {
			if c >= ' ' {
				dst = append(dst, c)
			} else {
				dst = append(dst, ' ')
			}
			i++
			continue
		}
		end := i + 1
		for end < len(value) && (alnum(value[end]) || value[end] == '_') {
			end++
		}
		switch {
		case keyword(value[i:end]):
			dst = append(dst, value[i:end]...)
		case c >= '0' && c <= '9':
			dst = appendOnce(dst, '0')
		default:
			dst = appendOnce(dst, 'x')
		}
		i = end
	}
	return dst
}

// appendOnce keeps the length of a run from being told, also where escapes and
// plain letters take turns.
func appendOnce(dst []byte, c byte) []byte {
	mark := byte('x')
	if c >= '0' && c <= '9' {
		mark = '0'
	}
	if n := len(dst); n > 0 && (dst[n-1] == 'x' || dst[n-1] == '0') {
		return dst
	}
	return append(dst, mark)
}

func alnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// keyword is asked for whole words only; a password that is one of these words
// together with an operator tells nobody anything.
func keyword(w []byte) bool {
	if len(w) < 2 || len(w) > 16 {
		return false
	}
	var low [16]byte
	for i, c := range w {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		low[i] = c
	}
	switch string(low[:len(w)]) {
	case "or", "and", "not", "like", "union", "all", "select", "from", "where", "insert", "into", "update", "delete", "drop", "table",
		"order", "by", "group", "having", "limit", "null", "is", "in", "between", "exists", "case", "when", "then", "else", "end", "if",
		"sleep", "benchmark", "waitfor", "delay", "pg_sleep", "exec", "execute", "xp_cmdshell", "script", "alert", "img", "svg", "onerror",
		"onload", "src", "iframe", "javascript", "document", "cookie", "eval", "etc", "passwd", "bin", "sh", "bash", "cat", "id", "whoami",
		"curl", "wget", "cmd", "powershell", "true", "false", "jndi", "ldap", "rmi", "dns", "http", "https", "ne", "gt", "regex":
		return true
	}
	return false
}
