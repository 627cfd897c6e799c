package scan

// How many golden cases there are, so that none is lost unseen.
const (
	wantTexts   = 83
	wantEmpty   = 34
	wantValues  = 120
	wantChecked = 167
)
