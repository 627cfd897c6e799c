package console

import (
	"net/http"
	"net/url"
	"strings"
)

// loginForm is what the login page shows.
type loginForm struct {
	Next, Error string
	AskName     bool
	Person      string
}

func (c *Console) loginData(next, problem string) view {
	return view{Title: "Log in", Body: loginForm{Next: next, Error: problem, AskName: c.cfg.User == ""}}
}

func (c *Console) loginPage(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.URL.Query().Get("next"))
	if _, ok := c.sessions.of(r); ok {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	c.views.render(w, http.StatusOK, "login", c.loginData(next, ""))
}

func (c *Console) login(w http.ResponseWriter, r *http.Request) {
	from := peer(r)
	if !c.attempts.allowed(from) {
		c.metrics.logins.WithLabelValues("limited").Inc()
		w.Header().Set("Retry-After", "60")
		c.views.render(w, http.StatusTooManyRequests, "login", c.loginData("", "Too many wrong tokens. Wait a minute and try again."))
		return
	}
	next := localPath(r.PostFormValue("next"))
	name := strings.TrimSpace(r.PostFormValue("person"))
	if c.cfg.User != "" {
		name = c.cfg.User
	}
	if !c.sessions.tokenIs(strings.TrimSpace(r.PostFormValue("token"))) {
		c.attempts.fail(from)
		c.metrics.logins.WithLabelValues("wrong").Inc()
		c.log.Warn("login with a wrong token", "from", from.String())
		c.views.render(w, http.StatusUnauthorized, "login", c.loginData(next, "That is not the token of this console. It was printed when Mirador started, or stands in console.token_file."))
		return
	}
	if name != "" && !validPerson(name) {
		c.views.render(w, http.StatusBadRequest, "login", c.loginData(next, "A name has letters, digits, and . _ @ - inside, up to 64. It signs what you order."))
		return
	}
	v, cookie := c.sessions.start(name)
	http.SetCookie(w, cookie)
	c.metrics.logins.WithLabelValues("ok").Inc()
	c.log.Info("login", "from", from.String(), "person", v.person)
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (c *Console) logout(w http.ResponseWriter, r *http.Request, _ session) {
	http.SetCookie(w, c.sessions.end())
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// localPath is next if it leads to a page of this console, else the first page. A
// browser takes "//host" and "/\host" for another site.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(u.Path, "/login") {
		return "/"
	}
	return next
}
