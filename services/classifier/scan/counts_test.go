package scan

// How many golden cases there are, so that none is lost unseen.
const (
	wantTexts   = 68
	wantEmpty   = 27
	wantValues  = 100
	wantChecked = 167
)
