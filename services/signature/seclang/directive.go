package seclang

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// run does what d says. A chain goes on with the very next directive.
func (p *parser) run(d *directive) {
	if d.name != "secrule" && d.name != "secaction" {
		p.closeChain(d.written + " follows")
	}
	var err error
	switch d.name {
	case "secrule":
		p.secRule(d)
	case "secaction":
		p.secAction(d)
	case "secdefaultaction":
		p.secDefaultAction(d)
	case "secruleupdatetargetbyid", "secruleupdatetargetbytag", "secruleupdatetargetbymsg":
		p.updateTargets(d)
	case "secruleupdateactionbyid":
		p.updateActions(d)
	case "secruleremovebyid", "secruleremovebytag", "secruleremovebymsg":
		err = p.remove(d)
	case "secmarker":
		p.prog.Items = append(p.prog.Items, Item{Marker: d.unquoted()})
		err = d.valued()
	case "seccomponentsignature":
		if p.prog.Version != "" {
			p.prog.Version += ", "
		}
		p.prog.Version += d.unquoted()
		err = d.valued()
	case "include":
		p.include(d.unquoted(), func(err error) { p.failAbout(d, d.written, err) })
	case "secdataset":
		err = p.secDataset(d)
	default:
		err = p.set(d)
	}
	if err != nil {
		p.failAbout(d, d.written, err)
	}
}

// valued is an error where d stands alone.
func (d *directive) valued() error {
	if d.unquoted() == "" {
		return errNoValue
	}
	return nil
}

// set reads the directives that set one value, and those that say nothing to an engine
// that stands beside the traffic.
func (p *parser) set(d *directive) error {
	s, v := &p.prog.Settings, d.unquoted()
	switch d.name {
	case "secruleengine":
		mode, ok := oneOf(v, "On", "DetectionOnly", "Off")
		if ok {
			s.RuleEngine = mode
			return nil
		}
		return fmt.Errorf("%q is none of On, DetectionOnly, Off", v)
	case "secrequestbodyaccess":
		return setBool(&s.RequestBodyAccess, v)
	case "secresponsebodyaccess":
		return setBool(&s.ResponseBodyAccess, v)
	case "secrequestbodylimit":
		return setInt(&s.RequestBodyLimit, v)
	case "secresponsebodylimit":
		return setInt(&s.ResponseBodyLimit, v)
	case "secrequestbodyjsondepthlimit":
		return setInt(&s.RequestBodyJSONDepth, v)
	case "secresponsebodyjsondepthlimit":
		return setInt(&s.ResponseBodyJSONDepth, v)
	case "secargumentslimit":
		return setInt(&s.ArgumentsLimit, v)
	case "secrequestbodylimitaction":
		return setReject(&s.RequestBodyReject, v)
	case "secresponsebodylimitaction":
		return setReject(&s.ResponseBodyReject, v)
	case "secresponsebodymimetype":
		s.ResponseBodyMIMETypes = strings.Fields(v)
		return d.valued()
	case "secresponsebodymimetypesclear":
		s.ResponseBodyMIMETypes = nil
		return only(v, "")
	case "secargumentseparator":
		return only(v, "&")
	case "seccookieformat":
		return only(v, "0")
	case "secignorerulecompilationerrors":
		return only(v, "off")
	case "secauditengine", "secauditlog", "secauditlogdirmode", "secauditlogfilemode", "secauditlogformat", "secauditlogparts",
		"secauditlogrelevantstatus", "secauditlogstoragedir", "secauditlogtype", "secdebuglog", "secdebugloglevel", // logging
		"secdatadir", "sectmpdir", "secuploaddir", "secuploadfilelimit", "secuploadfilemode", "secuploadkeepfiles", // storage
		"secrequestbodyinmemorylimit", "secrequestbodynofileslimit", "secpcrematchlimit", "secpcrematchlimitrecursion", "secrxprefilter",
		"secruleperftime", "seccollectiontimeout", // resources of another engine
		"secconnengine", "secconnreadstatelimit", "secconnwritestatelimit", "secserversignature", "secwebappid", "secsensorid": // the server
		return d.valued()
	}
	return errors.New("this directive is unknown or cannot work out of band")
}

func oneOf(v string, names ...string) (string, bool) {
	for _, n := range names {
		if strings.EqualFold(v, n) {
			return n, true
		}
	}
	return "", false
}

func only(v, supported string) error {
	if !strings.EqualFold(v, supported) {
		return fmt.Errorf("%q is not supported, only %q", v, supported)
	}
	return nil
}

func setBool(to *bool, v string) error {
	word, ok := oneOf(v, "on", "off")
	if !ok {
		return fmt.Errorf("%q is neither On nor Off", v)
	}
	*to = word == "on"
	return nil
}

func setReject(to *bool, v string) error {
	word, ok := oneOf(v, "reject", "processpartial")
	if !ok {
		return fmt.Errorf("%q is neither Reject nor ProcessPartial", v)
	}
	*to = word == "reject"
	return nil
}

func setInt(to *int, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil {
		return fmt.Errorf("%q is no number", v)
	}
	if n < 1 {
		return fmt.Errorf("%d is below 1", n)
	}
	*to = n
	return nil
}

// secDataset keeps the lines of SecDataset name `...`.
func (p *parser) secDataset(d *directive) error {
	name, lines, ok := strings.Cut(d.args, " ")
	if !ok || !strings.HasPrefix(lines, "`") || !strings.HasSuffix(lines, "`") || len(lines) < 2 {
		return errors.New("write a name and the lines between backticks")
	}
	if _, ok := p.datasets[name]; ok {
		return fmt.Errorf("dataset %q is there already", name)
	}
	p.datasets[name] = withoutComments(lines[1 : len(lines)-1])
	return nil
}

// withoutComments are the lines of s that say something, trimmed.
func withoutComments(s string) []string {
	var out []string
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' {
			out = append(out, l)
		}
	}
	return out
}
