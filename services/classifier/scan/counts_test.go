package scan

// How many golden cases there are, so that none is lost unseen.
const (
	wantTexts    = 249
	wantEmpty    = 125
	wantValues   = 289
	wantChecked  = 199
	wantSecrets  = 284
	wantPrefixed = 205
)
