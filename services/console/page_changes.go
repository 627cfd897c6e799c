package console

import (
	"net/http"
	"net/url"
	"time"
)

type changesBody struct {
	*changes
	Now          time.Time
	Since, Until time.Time // starts of days, UTC: what is compared is how they ended
	Ignored      bool      // the days that were asked for are none
	// The settings that bound a comparison, for where they were not enough.
	Compared int
	Timeout  time.Duration
}

// changesDays is how far back the page looks if no day is named.
const changesDays = 7

// parseDays are the two days in the URL: the first before the second, the second at
// latest today, which ends now.
func parseDays(q url.Values, now time.Time) (since, until time.Time, ok bool) {
	today := now.UTC().Truncate(24 * time.Hour)
	day := func(name string, usual time.Time) (time.Time, bool) {
		v := q.Get(name)
		if v == "" {
			return usual, true
		}
		d, err := time.Parse(time.DateOnly, v)
		return d, err == nil
	}
	until, ok1 := day("until", today)
	since, ok2 := day("since", until.AddDate(0, 0, -changesDays))
	if !ok1 || !ok2 || until.After(today) || !since.Before(until) || since.Unix() < 0 { // before what a Date can express
		return today.AddDate(0, 0, -changesDays), today, false
	}
	return since, until, true
}

func (c *Console) changesPage(w http.ResponseWriter, r *http.Request, v session) {
	b := changesBody{Now: c.store.now().UTC(), Compared: c.cfg.Compared, Timeout: c.cfg.QueryTimeout}
	var ok bool
	b.Since, b.Until, ok = parseDays(r.URL.Query(), b.Now)
	b.Ignored = !ok
	var err error
	if b.changes, err = c.store.changesBetween(r.Context(), b.Since, b.Until, c.cfg.PageRows, c.cfg.Compared); err != nil {
		c.fail(w, r, v, "endpoints", err)
		return
	}
	title := "Changes since " + b.Since.Format(time.DateOnly)
	if !b.ToNow() {
		title += " until " + b.Until.Format(time.DateOnly)
	}
	data := c.view(v, title, "endpoints", b)
	data.Refresh = 0 // days do not change by the second, and to compare them is work
	c.views.render(w, http.StatusOK, "changes", data)
}

// Today is the last day that can be chosen, and Yesterday the last to look back to.
func (b changesBody) Today() time.Time     { return b.Now.Truncate(24 * time.Hour) }
func (b changesBody) Yesterday() time.Time { return b.Today().AddDate(0, 0, -1) }

// ToNow says whether the second day is today.
func (b changesBody) ToNow() bool { return b.Until.Equal(b.Today()) }

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
		day := b.Today().AddDate(0, 0, -d.back)
		out = append(out, dayLink{d.label, day.Format(time.DateOnly), b.ToNow() && day.Equal(b.Since)})
	}
	return out
}
