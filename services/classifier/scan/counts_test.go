package scan

// How many golden cases there are, so that none is lost unseen.
const (
	wantTexts    = 251
	wantEmpty    = 126
	wantValues   = 289
	wantChecked  = 199
	wantSecrets  = 284
	wantPrefixed = 205
)
