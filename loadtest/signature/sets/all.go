package sets

import (
	"context"
	"os"
	"path/filepath"
)

// CacheFolder is where packages and results are kept.
func CacheFolder() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "mirador", "quality")
}

// How many requests of a class, or of a kind and package, are taken.
const (
	perClass   = 1500
	perPlaced  = 900
	perPackage = 40
	logLines   = 2000
	perOwn     = 3
)

// All are the sets that there are data for.
func All(ctx context.Context, corpora, cache string) ([]Sample, error) {
	var all []Sample
	for _, make := range []func() ([]Sample, error){
		func() ([]Sample, error) { return Corpora(corpora, perClass) },
		func() ([]Sample, error) { return Mutations(corpora, perPlaced) },
		func() ([]Sample, error) { return Benign(ctx, cache, perPackage) },
		func() ([]Sample, error) { return Webhooks(ctx, cache) },
		func() ([]Sample, error) { return AccessLog(corpora, logLines) },
		func() ([]Sample, error) { return Own(perOwn) },
	} {
		s, err := make()
		if err != nil {
			return nil, err
		}
		all = append(all, s...)
	}
	return all, nil
}
