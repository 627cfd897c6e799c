package reputation

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// bundle is a STIX 2.1 bundle, as far as it names addresses.
type bundle struct {
	Type    string `json:"type"`
	Objects []struct {
		Type       string   `json:"type"`
		Name       string   `json:"name"`
		Pattern    string   `json:"pattern"`
		Language   string   `json:"pattern_type"`
		ValidFrom  string   `json:"valid_from"`
		ValidUntil string   `json:"valid_until"`
		Revoked    bool     `json:"revoked"`
		Kinds      []string `json:"indicator_types"`
	} `json:"objects"`
}

// stix takes the indicators whose pattern is one address or network, or several of
// which any will do. Others (files, domains, addresses together with something) say
// nothing of an address alone and are passed over.
func (p *parsed) stix(b []byte) error {
	var doc bundle
	if err := json.Unmarshal(b, &doc); err != nil {
		return fmt.Errorf("stix: %w", err)
	}
	if doc.Type != "bundle" {
		return errors.New("stix: not a bundle")
	}
	for i := range doc.Objects {
		o := &doc.Objects[i]
		if o.Type != "indicator" || o.Revoked || o.Language != "" && o.Language != "stix" {
			continue
		}
		values, ok := addressesOf(o.Pattern)
		if !ok {
			continue
		}
		e := Entry{Label: label(o.Name)}
		if e.Label == "" {
			e.Label = label(strings.Join(o.Kinds, " "))
		}
		e.From, _ = timeOf(o.ValidFrom)
		e.Until, _ = timeOf(o.ValidUntil)
		for _, v := range values {
			var err error
			if e.Prefix, err = prefixOf(v); err != nil {
				p.skip(err)
				continue
			}
			if err := p.add(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// addressesOf reads a pattern of the form [ipv4-addr:value = 'A' OR ...] or of several
// such with OR between; false for any other.
func addressesOf(pattern string) (values []string, ok bool) {
	rest := strings.TrimSpace(pattern)
	for {
		if rest, ok = strings.CutPrefix(rest, "["); !ok {
			return nil, false
		}
		for {
			var v string
			if v, rest, ok = comparison(rest); !ok {
				return nil, false
			}
			values = append(values, v)
			if after, or := or(rest); or {
				rest = after
				continue
			}
			break
		}
		if rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "]"); !ok {
			return nil, false
		}
		if after, or := or(rest); or {
			rest = after
			continue
		}
		return values, strings.TrimSpace(rest) == ""
	}
}

// or takes an OR off the front.
func or(s string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(strings.TrimSpace(s), "OR")
	if !ok || rest == "" || rest[0] != ' ' && rest[0] != '[' {
		return s, false
	}
	return strings.TrimSpace(rest), true
}

// comparison takes ipv4-addr:value = 'A' off the front; ISSUBSET names a network.
func comparison(s string) (value, rest string, ok bool) {
	s = strings.TrimSpace(s)
	for _, path := range [...]string{"ipv4-addr:value", "ipv6-addr:value", "network-traffic:src_ref.value"} {
		if after, found := strings.CutPrefix(s, path); found {
			s, ok = strings.TrimSpace(after), true
			break
		}
	}
	if !ok {
		return "", "", false
	}
	for _, operator := range [...]string{"=", "ISSUBSET"} {
		after, found := strings.CutPrefix(s, operator)
		if !found {
			continue
		}
		after, found = strings.CutPrefix(strings.TrimSpace(after), "'")
		if !found {
			return "", "", false
		}
		return strings.Cut(after, "'")
	}
	return "", "", false
}

// ranges are what operators of crawlers publish.
func (p *parsed) ranges(b []byte) error {
	var doc struct {
		Prefixes []struct {
			V4 string `json:"ipv4Prefix"`
			V6 string `json:"ipv6Prefix"`
		} `json:"prefixes"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return fmt.Errorf("ranges: %w", err)
	}
	for _, r := range doc.Prefixes {
		for _, s := range [...]string{r.V4, r.V6} {
			if s == "" {
				continue
			}
			prefix, err := prefixOf(s)
			if err != nil {
				p.skip(err)
				continue
			}
			if err := p.add(Entry{Prefix: prefix}); err != nil {
				return err
			}
		}
	}
	return nil
}
