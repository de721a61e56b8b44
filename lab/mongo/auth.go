package mongo

import (
	"crypto/md5"
	"errors"
	"sync"
	"time"

	"github.com/xdg-go/scram"
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/clock"
	"runbook/lab/document/value"
	"runbook/lab/model"
)

// sha256 is the mechanism of authentication.
const sha256 = "SCRAM-SHA-256"

// iterations are the fewest that drivers accept: a lab must log in fast.
const iterations = 4096

// patience is for how long, on the wall, a client that has begun to log in may
// hold a stepping clock.
const patience = 2 * time.Second

// accounts are the passwords of users, as "database.name".
type accounts struct {
	mu        sync.Mutex
	passwords map[string]string
}

// fill takes the passwords over; the users tell to which databases they belong.
func (a *accounts) fill(passwords map[string]string, users []model.User) {
	a.passwords = map[string]string{}
	for name, password := range passwords {
		database := "admin"
		for _, u := range users {
			if u.Name == name {
				database = u.Database
			}
		}
		a.passwords[database+"."+name] = password
	}
}

// required says whether clients must log in.
func (a *accounts) required() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.passwords) > 0
}

func (a *accounts) add(user, password string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.passwords[user] = password
}

func (a *accounts) remove(user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.passwords, user)
}

func (a *accounts) password(user string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.passwords[user]
	return p, ok
}

// login is how far a connection's authentication has come. Only the goroutine
// of the connection uses it.
type login struct {
	talk     *scram.ServerConversation
	database string
	skips    bool // the client wants no empty exchange at the end
	last     bool // only the empty exchange is left
	id       int32
	users    []bson.D // who is logged in
	hold     func()   // lets a stepping clock go on
}

func (l *login) done() bool { return len(l.users) > 0 }

// release lets a stepping clock go on.
func (l *login) release() {
	if l.hold != nil {
		l.hold()
	}
	l.hold = nil
}

// abandon ends what was begun.
func (l *login) abandon() {
	l.release()
	l.talk, l.last = nil, false
}

// wait holds a stepping clock while the client works on its answer.
func (l *login) wait(c *clock.Clock) {
	done := c.Work()
	limit := time.AfterFunc(patience, done)
	l.hold = func() { limit.Stop(); done() }
}

var errLogin = errors.New("Authentication failed.") //nolint:staticcheck // the text is MongoDB's

func refusedLogin() error { return mistake(value.AuthenticationFailed, "%s", errLogin) }

func (c *call) saslStart() (bson.D, error) {
	return c.beginLogin(c.body, c.database())
}

// beginLogin takes the first message of a client.
func (c *call) beginLogin(ask bson.D, database string) (bson.D, error) {
	l := &c.connection.login
	l.abandon()
	switch mechanism := text(ask, "mechanism"); mechanism {
	case sha256:
	case "SCRAM-SHA-1": // what drivers try for a user whose mechanisms nobody tells: there is none
		return nil, refusedLogin()
	default:
		return nil, mistake(value.MechanismUnavailable, "Received authentication for mechanism %s which is not enabled", mechanism)
	}
	server, err := scram.SHA256.NewServer(func(name string) (scram.StoredCredentials, error) {
		return c.server.accounts.credentials(database, name)
	})
	if err != nil {
		return nil, refusedLogin()
	}
	l.id++
	l.talk, l.database = server.NewConversation(), database
	options, err := part(ask, "options")
	if err != nil {
		return nil, err
	}
	l.skips = truth(options, "skipEmptyExchange", false)
	return c.stepLogin(ask)
}

// credentials are what a server keeps of a password.
func (a *accounts) credentials(database, name string) (scram.StoredCredentials, error) {
	password, ok := a.password(database + "." + name)
	if !ok {
		return scram.StoredCredentials{}, errLogin
	}
	client, err := scram.SHA256.NewClient(name, password, "")
	if err != nil {
		return scram.StoredCredentials{}, errLogin
	}
	salt := md5.Sum([]byte(database + name))
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt[:]), Iters: iterations})
	if err != nil {
		return scram.StoredCredentials{}, errLogin
	}
	return stored, nil
}

func (c *call) saslContinue() (bson.D, error) {
	l := &c.connection.login
	if l.talk == nil || int32(c.number("conversationId", 0)) != l.id {
		return nil, mistake(value.ProtocolError, "No SASL session state found")
	}
	if l.last {
		l.abandon()
		return c.said("", true), nil
	}
	return c.stepLogin(c.body)
}

func (c *call) stepLogin(ask bson.D) (bson.D, error) {
	l := &c.connection.login
	payload, _ := field(ask, "payload")
	said, _ := payload.(bson.Binary)
	answer, err := l.talk.Step(string(said.Data))
	if err != nil {
		l.abandon()
		return nil, refusedLogin()
	}
	if !l.talk.Done() {
		l.wait(c.server.gate.Clock())
		return c.said(answer, false), nil
	}
	if !l.talk.Valid() {
		l.abandon()
		return nil, refusedLogin()
	}
	l.users = append(l.users, bson.D{{Key: "user", Value: l.talk.Username()}, {Key: "db", Value: l.database}})
	if l.skips {
		l.abandon()
		return c.said(answer, true), nil
	}
	l.last = true
	return c.said(answer, false), nil
}

func (c *call) said(answer string, done bool) bson.D {
	return bson.D{{Key: "conversationId", Value: c.connection.login.id}, {Key: "done", Value: done}, {Key: "payload", Value: bson.Binary{Data: []byte(answer)}}}
}
