package mongo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.uber.org/goleak"

	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
)

// bench is a server of a lab, and a client of it.
type bench struct {
	*Server
	log    *gate.Log
	client *driver.Client
	db     *driver.Database
}

// start starts a server on a stepping clock whose only user is mltb.
func start(t *testing.T, uri string) *bench {
	t.Helper()
	return startBy(t, clock.Step(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 0), uri)
}

func startBy(t *testing.T, c *clock.Clock, uri string) *bench {
	t.Helper()
	log := &gate.Log{}
	m := model.New(1, c.Now)
	g := gate.New("mongo", c, log)
	s, err := Serve(m, g, "127.0.0.1:0", map[string]string{model.Project: "geheim"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{Server: s, log: log, client: connect(t, fmt.Sprintf(uri, s.Addr()))}
	b.db = b.client.Database(model.Project)
	t.Cleanup(func() {
		_ = b.client.Disconnect(context.Background())
		s.Close()
		g.Close()
		c.Close()
		goleak.VerifyNone(t)
	})
	return b
}

const plain = "mongodb://mltb:geheim@%s/?authSource=mltb&directConnection=true"

func connect(t *testing.T, uri string) *driver.Client {
	t.Helper()
	client, err := driver.Connect(options.Client().ApplyURI(uri).SetServerSelectionTimeout(3 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// lasts is how much of the lab's time something takes.
func (b *bench) lasts(do func()) time.Duration {
	before := b.gate.Clock().Now()
	do()
	return b.gate.Clock().Now().Sub(before)
}

func (b *bench) run(t *testing.T, database string, command bson.D) (bson.D, error) {
	t.Helper()
	var reply bson.D
	err := b.client.Database(database).RunCommand(t.Context(), command).Decode(&reply)
	var failed driver.WriteException
	if errors.As(err, &failed) {
		return reply, bson.Unmarshal(failed.Raw, &reply)
	}
	return reply, err
}

func TestAnIndexMakesAQueryFast(t *testing.T) {
	b := start(t, plain)
	downloads := b.db.Collection("downloads")
	find := func() {
		var d bson.D
		if err := downloads.FindOne(t.Context(), bson.D{{Key: "size_bytes", Value: bson.D{{Key: "$lt", Value: 0}}}}).Decode(&d); !errors.Is(err, driver.ErrNoDocuments) {
			t.Fatal(err)
		}
	}
	if took := b.lasts(find); took < 400*time.Millisecond {
		t.Errorf("a scan of 4000 documents took %v", took)
	}
	if _, err := downloads.Indexes().CreateOne(t.Context(), driver.IndexModel{Keys: bson.D{{Key: "size_bytes", Value: 1}}}); err != nil {
		t.Fatal(err)
	}
	if took := b.lasts(find); took > 5*time.Millisecond {
		t.Errorf("by an index it took %v", took)
	}
}

// openCursors counts the cursors that clients have not read to their end.
func (b *bench) openCursors() int {
	b.cursors.mu.Lock()
	defer b.cursors.mu.Unlock()
	return len(b.cursors.open)
}

func TestCursor(t *testing.T) {
	b := start(t, plain)
	cursor, err := b.db.Collection("downloads").Find(t.Context(), bson.D{}, options.Find().SetBatchSize(300).SetLimit(1000))
	if err != nil {
		t.Fatal(err)
	}
	var docs []bson.D
	if err := cursor.All(t.Context(), &docs); err != nil || len(docs) != 1000 {
		t.Errorf("%d documents, %v", len(docs), err)
	}
	if cursor, err = b.db.Collection("downloads").Find(t.Context(), bson.D{}, options.Find().SetBatchSize(2)); err != nil {
		t.Fatal(err)
	}
	cursor.Next(t.Context())
	if open := b.openCursors(); open != 1 {
		t.Errorf("%d cursors are open", open)
	}
	if err := cursor.Close(t.Context()); err != nil || b.openCursors() != 0 {
		t.Errorf("closed: %v, %d are open", err, b.openCursors())
	}
	_, err = b.run(t, "mltb", bson.D{{Key: "getMore", Value: int64(99)}, {Key: "collection", Value: "downloads"}})
	if code(err) != 43 {
		t.Errorf("no cursor: %v", err)
	}
}

// code is that of a server's error.
func code(err error) int32 {
	var c driver.CommandError
	if errors.As(err, &c) {
		return c.Code
	}
	return 0
}

func TestLogin(t *testing.T) {
	b := start(t, plain)
	for _, c := range []struct {
		uri  string
		code int32
		text string
	}{
		{"mongodb://mltb:geheim@%s/?authSource=mltb&authMechanism=SCRAM-SHA-256&directConnection=true", 0, ""},
		{"mongodb://mltb:wrong@%s/?authSource=mltb&directConnection=true", 18, "Authentication failed"},
		{"mongodb://nobody:geheim@%s/?authSource=mltb&directConnection=true", 18, "Authentication failed"},
		{"mongodb://mltb:geheim@%s/?authSource=admin&directConnection=true", 18, "Authentication failed"},
		{"mongodb://%s/?directConnection=true", 13, "Command count requires authentication"},
	} {
		client := connect(t, fmt.Sprintf(c.uri, b.Addr()))
		_, err := client.Database("mltb").Collection("tasks").EstimatedDocumentCount(t.Context())
		if (err == nil) != (c.text == "") || err != nil && !strings.Contains(err.Error(), c.text) || code(err) != c.code {
			t.Errorf("%s: %v", c.uri, err)
		}
		_ = client.Disconnect(t.Context())
	}
}

func TestUsers(t *testing.T) {
	b := start(t, plain)
	try := func(password string) error {
		client := connect(t, fmt.Sprintf("mongodb://report:%s@%s/?authSource=mltb&directConnection=true", password, b.Addr()))
		defer func() { _ = client.Disconnect(t.Context()) }()
		_, err := client.Database("mltb").Collection("tasks").EstimatedDocumentCount(t.Context())
		return err
	}
	for _, c := range []struct {
		command       bson.D
		code          int32
		works, refuse string
	}{
		{bson.D{{Key: "createUser", Value: "report"}, {Key: "pwd", Value: "one"}, {Key: "roles", Value: bson.A{"read"}}}, 0, "one", "two"},
		{bson.D{{Key: "createUser", Value: "report"}, {Key: "pwd", Value: "one"}, {Key: "roles", Value: bson.A{"read"}}}, 51003, "one", "two"},
		{bson.D{{Key: "dropUser", Value: "report"}}, 0, "", "one"},
		{bson.D{{Key: "dropUser", Value: "report"}}, 11, "", "one"},
	} {
		if _, err := b.run(t, "mltb", c.command); code(err) != c.code || (c.code == 0) != (err == nil) {
			t.Errorf("%v: %v", c.command, err)
		}
		if c.works != "" && try(c.works) != nil {
			t.Errorf("after %v the password %s is refused", c.command, c.works)
		}
		if try(c.refuse) == nil {
			t.Errorf("after %v the password %s works", c.command, c.refuse)
		}
	}
}

func TestTheConnectionsFaults(t *testing.T) {
	b := start(t, "mongodb://mltb:geheim@%s/?authSource=mltb&directConnection=true&retryWrites=false")
	tasks := b.db.Collection("tasks")
	if err := b.client.Ping(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	b.gate.LoseReplies(1)
	if _, err := tasks.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "lost"}, {Key: "gid", Value: "lost"}}); !driver.IsNetworkError(err) {
		t.Errorf("the reply was lost: %v", err)
	}
	if n, err := tasks.CountDocuments(t.Context(), bson.D{{Key: "_id", Value: "lost"}}); n != 1 {
		t.Errorf("%d were inserted, %v", n, err)
	}
	b.gate.SetHanging(true)
	limit, cancel := b.gate.Clock().WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ctx, cancel := context.WithCancel(context.WithoutCancel(limit)) // the driver ignores a deadline that it was not told
	defer cancel()
	context.AfterFunc(limit, cancel)
	took := b.lasts(func() {
		if _, err := tasks.CountDocuments(ctx, bson.D{}); !errors.Is(err, context.Canceled) {
			t.Errorf("it hangs: %v", err)
		}
	})
	if took < 20*time.Second {
		t.Errorf("it hung for %v", took)
	}
	b.gate.SetHanging(false)
	if _, err := tasks.CountDocuments(t.Context(), bson.D{}); err != nil {
		t.Errorf("freed: %v", err)
	}
}

func TestCounts(t *testing.T) {
	b := start(t, plain)
	if _, err := b.db.Collection("tasks").UpdateMany(t.Context(), bson.D{}, bson.D{{Key: "$set", Value: bson.D{{Key: "x", Value: 1}}}}); err != nil {
		t.Fatal(err)
	}
	if err := b.client.Ping(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	all, mutations := b.log.Calls()
	if all != 2 || len(mutations) != 1 || mutations[0].Name != "update tasks" {
		t.Errorf("%d calls, changes %v", all, mutations)
	}
}

func TestAnOperationIsKilled(t *testing.T) {
	b := startBy(t, clock.Flow(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 0.05), plain)
	ended := make(chan error, 1)
	go func() {
		ended <- b.db.Collection("downloads").FindOne(context.Background(), bson.D{{Key: "size_bytes", Value: 1}}).Err()
	}()
	var id any
	for id == nil {
		reply, err := b.run(t, "admin", bson.D{{Key: "currentOp", Value: true}, {Key: "op", Value: "query"}, {Key: "ns", Value: "mltb.downloads"}})
		if err != nil {
			t.Fatal(err)
		}
		id = at(reply, "inprog/0/opid")
	}
	if _, err := b.run(t, "admin", bson.D{{Key: "killOp", Value: 1}, {Key: "op", Value: id}}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; code(err) != 11601 {
		t.Errorf("killed: %v", err)
	}
}
