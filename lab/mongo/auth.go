package mongo

import (
	"crypto/md5"
	"errors"
	"slices"
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

// open lets users of the model log in with their passwords; one that it does not
// know belongs to the database admin.
func open(w *model.World, passwords map[string]string) {
	for name, password := range passwords {
		at := slices.IndexFunc(w.Mongo.Users, func(u model.User) bool { return u.Name == name })
		if at < 0 {
			at = len(w.Mongo.Users)
			w.Mongo.Users = append(w.Mongo.Users, model.User{Name: name, Database: "admin"})
		}
		w.Mongo.Users[at].Password = password
	}
}

// password is that of a user; empty where he cannot log in.
func (c *call) password(database, name string) (password string) {
	c.server.model.Look(func(w *model.World) {
		for _, u := range w.Mongo.Users {
			if u.Database == database && u.Name == name {
				password = u.Password
			}
		}
	})
	return password
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
		return c.credentials(database, name)
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
func (c *call) credentials(database, name string) (scram.StoredCredentials, error) {
	password := c.password(database, name)
	if password == "" {
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
