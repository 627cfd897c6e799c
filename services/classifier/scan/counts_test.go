package scan

// How many golden cases there are, so that none is lost unseen.
const (
	wantTexts   = 79
	wantEmpty   = 32
	wantValues  = 120
	wantChecked = 167
)
