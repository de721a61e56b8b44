package gate

import "context"

// Admit waits while the target hangs, for what is no request of a person: the
// greeting of a connection and what a driver sends to see that the target lives.
// It is not counted, and a stepping clock goes on beside it. It returns the
// error of ctx, which must end when the client goes.
func (g *Gate) Admit(ctx context.Context) error {
	done := g.clock.Work()
	defer done()
	return g.hang(ctx)
}
