package rehearsal

import "context"

// PlayBriefly is Play without what is checked unwritten, which makes most labs.
func PlayBriefly(ctx context.Context, subjects []*Subject, o Options) (*Report, error) {
	return (&player{Options: o, brief: true}).play(ctx, subjects)
}
