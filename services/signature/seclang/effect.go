package seclang

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseSetVar reads tx.key=value, tx.key=+value, tx.key=-value and !tx.key.
func parseSetVar(text string) (*SetVar, error) {
	text, unset := strings.CutPrefix(text, "!")
	left, value, valued := strings.Cut(text, "=")
	collection, key, _ := strings.Cut(left, ".")
	if !strings.EqualFold(collection, "tx") {
		return nil, fmt.Errorf("%q is not of TX: only TX can be set", left)
	}
	if strings.TrimSpace(key) == "" {
		return nil, errors.New("tx. without a name")
	}
	k, err := parseMacro(key)
	if err != nil {
		return nil, fmt.Errorf("name %q: %w", key, err)
	}
	s := &SetVar{Key: k.lower(), Op: '='}
	switch {
	case unset && valued:
		return nil, errors.New("a variable that is unset takes no value")
	case unset:
		s.Op = '!'
		return s, nil
	case value == "":
		return nil, errNoValue
	}
	if value[0] == '+' || value[0] == '-' {
		if s.Op, value = value[0], value[1:]; value == "" {
			return s, nil
		}
	}
	if s.Value, err = parseMacro(value); err != nil {
		return nil, fmt.Errorf("value %q: %w", value, err)
	}
	return s, nil
}

// ctl reads action=value and action=value;VARIABLE:key. What Coraza would complain of
// in the log of every request is an error here.
func (p *parser) ctl(text string) (*Ctl, error) {
	name, all, ok := strings.Cut(text, "=")
	if !ok {
		return nil, errors.New("write it as action=value")
	}
	c := &Ctl{Action: name}
	var target string
	var targeted bool
	c.Value, target, targeted = strings.Cut(all, ";")
	err := c.check()
	if err == nil && c.Value == "" {
		err = errNoValue
	}
	if err == nil && targeted != strings.HasPrefix(name, "ruleRemoveTarget") {
		if targeted {
			err = errors.New("it takes no variable")
		} else {
			err = errors.New("no variable after ;")
		}
	}
	if err == nil && targeted {
		c.Target, err = p.ctlTarget(target)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func (c *Ctl) check() error {
	var n int
	var on bool
	switch c.Action {
	case "ruleRemoveById", "ruleRemoveTargetById":
		ids, err := parseRange(c.Value)
		c.IDs = [][2]int{ids}
		return err
	case "ruleRemoveByTag", "ruleRemoveTargetByTag":
		c.Tag = c.Value
	case "ruleRemoveByMsg", "ruleRemoveTargetByMsg":
		c.Msg = c.Value
	case "requestBodyAccess", "responseBodyAccess", "forceRequestBodyVariable", "forceResponseBodyVariable":
		return setBool(&on, c.Value)
	case "requestBodyLimit", "responseBodyLimit":
		return setInt(&n, c.Value)
	case "requestBodyProcessor", "responseBodyProcessor":
		if _, ok := oneOf(c.Value, "JSON", "MULTIPART", "RAW", "URLENCODED", "XML"); !ok {
			return fmt.Errorf("%q is none of JSON, MULTIPART, RAW, URLENCODED, XML", c.Value)
		}
	case "ruleEngine":
		if _, ok := oneOf(c.Value, "On", "Off", "DetectionOnly"); !ok {
			return fmt.Errorf("%q is none of On, DetectionOnly, Off", c.Value)
		}
	case "auditEngine", "auditLogParts", "debugLogLevel": // logging is not ours
	default:
		return errors.New("unknown or not supported")
	}
	return nil
}

// ctlTarget reads the variable that a rule loses. Unlike in a rule every key is
// lower-cased, and a regular expression stays as it is.
func (p *parser) ctlTarget(text string) (*Target, error) {
	name, key, _ := strings.Cut(text, ":")
	name, key = strings.TrimSpace(name), strings.TrimSpace(key)
	v, ok := ParseVariable(name)
	if !ok {
		return nil, fmt.Errorf("unknown variable %q", name)
	}
	t := &Target{Variable: v}
	if len(key) >= 2 && key[0] == '/' && closingSlash(key) == len(key)-1 {
		re, err := p.key(key[1 : len(key)-1])
		t.KeyRegexp = re
		return t, err
	}
	t.Key = strings.ToLower(key)
	return t, nil
}

// parseRange reads an id or first-last.
func parseRange(s string) ([2]int, error) {
	first, last, ranged := strings.Cut(s, "-")
	if !ranged {
		last = first
	}
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(last)
	if errA != nil || errB != nil || a < 1 || a > b {
		return [2]int{}, fmt.Errorf("%q is neither an id nor a range of ids", s)
	}
	return [2]int{a, b}, nil
}
