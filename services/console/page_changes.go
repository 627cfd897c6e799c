package console

import (
	"net/http"
	"net/url"
	"time"
)

type changesBody struct {
	*changes
	Now     time.Time
	Since   time.Time // start of a day, UTC
	Ignored bool      // the day that was asked for is none
	Today   string
}

// changesDays is how far back the page looks if no day is named.
const changesDays = 7

// parseDay is the start of the day in the URL, at latest that of today.
func parseDay(q url.Values, now time.Time) (day time.Time, ok bool) {
	today := now.UTC().Truncate(24 * time.Hour)
	v := q.Get("since")
	if v == "" {
		return today.AddDate(0, 0, -changesDays), true
	}
	day, err := time.Parse(time.DateOnly, v)
	if err != nil || day.Year() < 1970 || day.After(today) {
		return today.AddDate(0, 0, -changesDays), false
	}
	return day, true
}

func (c *Console) changesPage(w http.ResponseWriter, r *http.Request, v session) {
	b := changesBody{Now: c.store.now().UTC()}
	b.Today = b.Now.Format(time.DateOnly)
	var ok bool
	b.Since, ok = parseDay(r.URL.Query(), b.Now)
	b.Ignored = !ok
	var err error
	if b.changes, err = c.store.changesSince(r.Context(), b.Since, c.cfg.PageRows); err != nil {
		c.fail(w, r, v, "endpoints", err)
		return
	}
	c.show(w, v, "changes", "Changes since "+b.Since.Format(time.DateOnly), "endpoints", b)
}

// dayLink is a day to go back to.
type dayLink struct {
	Label, Day string
	On         bool
}

// Days are the usual ones.
func (b changesBody) Days() []dayLink {
	var out []dayLink
	for _, d := range []struct {
		label string
		back  int
	}{{"1 d", 1}, {"7 d", 7}, {"30 d", 30}, {"90 d", 90}} {
		day := b.Now.Truncate(24*time.Hour).AddDate(0, 0, -d.back)
		out = append(out, dayLink{d.label, day.Format(time.DateOnly), day.Equal(b.Since)})
	}
	return out
}
