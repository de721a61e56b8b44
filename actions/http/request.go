package http

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

// maxBody is how much of a body is kept.
const maxBody = 1 << 20

// RequestParams are the parameters of http.request.
type RequestParams struct {
	Method string `yaml:"method" default:"GET" enum:"GET,HEAD,OPTIONS,POST,PUT,PATCH,DELETE" doc:"The request's method. DELETE destroys, unless the target lists the request under writes."`
	at
	Headers map[string]schema.Text `yaml:"headers,omitempty" doc:"Headers, over those of the target. A PUT or DELETE whose If-Match names one version may be sent again after a lost reply: the service refuses it where it has another."`
	JSON    any                    `yaml:"json,omitempty" secret:"accept" doc:"A value that is sent as JSON. Durations, sizes and times are sent as text."`
	Body    schema.Text            `yaml:"body,omitempty" doc:"A body that is sent as it is. It excludes json."`
	Accept  []int                  `yaml:"accept,omitempty" doc:"Statuses from 300 on with which a change is made all the same, as 303 of a form or 404 of a DELETE."`
}

// Brief returns the request in a few words.
func (p RequestParams) Brief() string {
	return p.Method + " " + showText(p.given())
}

// RequestOutputs are the outputs of http.request.
type RequestOutputs struct {
	Status    int               `yaml:"status" doc:"The status code. No status is an error of a read: verify it."`
	Headers   map[string]string `yaml:"headers" doc:"The answer's headers, their names in lower case."`
	JSON      any               `yaml:"json" doc:"The body's value where it is JSON, else nil; also nil where the body was cut. A number beyond 64 bits is a text."`
	JSONError *string           `yaml:"json_error" doc:"Why a body that says it is JSON is none, as an empty one, or that it was cut; else nil."`
	Body      string            `yaml:"body" raw:"json" doc:"The body as text, at most its first MiB, then a mark. It is not kept beside json, unless an expression reads it."`
	Truncated bool              `yaml:"truncated" doc:"Whether the body was cut."`
	LatencyMS float64           `yaml:"latency_ms" doc:"Milliseconds from before the connection until the last byte was read."`
}

// Summary returns the answer in a few words: "200 in 84ms".
func (o RequestOutputs) Summary() string {
	return fmt.Sprintf("%d in %s", o.Status, schema.HumanMilliseconds(o.LatencyMS))
}

// Request sends one HTTP request.
var Request = action.New(action.Spec[RequestParams, RequestOutputs]{
	Name:    "http.request",
	Summary: "Sends one HTTP request and gives its answer. To a read any status is an answer; a change fails that is answered with 300 or more.",
	Example: `
id: health
title: The service answers
action: http.request
with: {path: /health}
verify: [outputs.status == 200]
`,
	Target:       Target,
	Effect:       action.Destructive,
	EffectAt:     requestEffect,
	EffectBy:     []string{"method"},
	AtBest:       requestEffectAtBest,
	IdempotentOf: requestIdempotent,
	Run:          request,
	Preview:      previewRequest,
	Look:         lookAtRequest,
})

// lookAtRequest asks for what the request was about. Where the address holds a secret
// there is no such command.
func lookAtRequest(call action.Call, p RequestParams, _ []action.Subject) string {
	c, err := configured(call.Target)
	if err != nil {
		return ""
	}
	to, err := c.destination(p.at)
	if err != nil || to.secret || to.shown != to.String() {
		return ""
	}
	return "curl -i " + action.Quote(to.shown)
}

// requestEffect is what the request does. Where it is not complete, as without an
// environment, its method decides.
func requestEffect(target action.Target, p RequestParams) action.Effect {
	c, err := configured(target)
	if err == nil {
		var m message
		if m, _, err = c.compose(p); err == nil {
			return m.effect
		}
	}
	header := nethttp.Header{}
	setHeaders(header, p.Headers)
	return (&client{}).effect(p.Method, &url.URL{}, header, nil)
}

// requestEffectAtBest is the effect that a request may have of which not all is known,
// by what the target lists.
func requestEffectAtBest(target action.Target, p RequestParams, unknown []string) action.Effect {
	header := nethttp.Header{}
	setHeaders(header, p.Headers)
	worst := requestEffect(target, p)
	_, other := endpoint.Override(header)
	open := func(list []action.RequestRule) bool {
		return target.Kind == "" || len(list) > 0 && slices.ContainsFunc(unknown, func(name string) bool { return name != "accept" })
	}
	switch {
	case slices.Contains(unknown, "method"):
		return action.Read
	case other:
		return min(worst, action.Write)
	case p.Method == nethttp.MethodDelete && open(target.Writes):
		return action.Write
	case p.Method != nethttp.MethodDelete && open(target.Reads):
		return action.Read
	}
	return worst
}

// requestIdempotent reports whether a request may be sent again. By RFC 9110 (9.2.2)
// PUT and DELETE may; but a PUT overwrites what another wrote meanwhile, and a DELETE
// removes what another made. Only where the request names the version that it is about
// (13.1.1) the server refuses it then. Where another method is asked for than the
// request shows, it may be any.
func requestIdempotent(target action.Target, p RequestParams) bool {
	if p.Method != nethttp.MethodPut && p.Method != nethttp.MethodDelete {
		return false
	}
	m := message{to: destination{URL: &url.URL{}}, header: nethttp.Header{}}
	setHeaders(m.header, p.Headers)
	if c, err := configured(target); err == nil {
		if whole, _, err := c.compose(p); err == nil {
			m = whole
		}
	}
	_, asked := overridden(m.to.URL, m.header, m.body)
	return !asked && strings.HasPrefix(m.header.Get("If-Match"), `"`)
}

func request(ctx context.Context, call action.Call, p RequestParams) (RequestOutputs, error) {
	c, err := clientOf(call)
	if err != nil {
		return RequestOutputs{}, invalid(p.Brief(), err)
	}
	m, _, err := c.compose(p)
	if err != nil {
		return RequestOutputs{}, invalid(p.Brief(), err)
	}
	r, err := c.send(ctx, call, m, 0, maxBody)
	if err != nil {
		return RequestOutputs{}, err
	}
	if m.effect != action.Read && r.status >= 300 && !slices.Contains(p.Accept, r.status) {
		return RequestOutputs{}, refused(m, r)
	}
	return outputsOf(r), nil
}

// refused is a change that was not answered with success.
func refused(m message, r reply) error {
	f := &action.Failure{
		Applied: endpoint.Applied(r.status, r.header), Answered: true, Where: "http " + m.String(),
		What:  fmt.Sprintf("the service refused it: %d %s", r.status, strings.ToLower(nethttp.StatusText(r.status))),
		Tried: fmt.Sprintf("once; status %d in %s", r.status, schema.HumanDuration(r.latency)),
		Do:    []string{"look at the log of the service"},
	}
	switch {
	case r.status < 400 && !endpoint.Redirects(r.status):
		f.Final = true
		f.What = fmt.Sprintf("the service does not say that it did it: %d %s", r.status, strings.ToLower(nethttp.StatusText(r.status)))
		f.Do = append(f.Do, fmt.Sprintf("or write accept: [%d], if that is how it says that nothing was left to do", r.status))
	case r.status < 400:
		if r.status == nethttp.StatusFound || r.status == nethttp.StatusSeeOther { // as many answer who have done it
			f.Applied = action.AppliedLost
		}
		f.Final = true
		f.What = fmt.Sprintf("it was answered with a redirect, which a change does not follow: %d %s", r.status, strings.ToLower(nethttp.StatusText(r.status)))
		if to, err := url.Parse(r.header.Get("Location")); err == nil && to.Host != "" {
			f.What += " to " + endpoint.Shown(to, false)
		}
		f.Do = []string{"correct the URL, if something else stands before the service, as a login page", fmt.Sprintf("or write accept: [%d], if that is how it says that it is done", r.status)}
	case f.Applied == action.AppliedLost:
		f.What = fmt.Sprintf("the service failed, and may have done it or a part: %d %s", r.status, strings.ToLower(nethttp.StatusText(r.status)))
	default:
		f.Do = append(f.Do, fmt.Sprintf("or write accept: [%d], if that is no failure", r.status))
	}
	if len(r.body) > 0 {
		f.Seen = []string{"answer: " + beginning(string(r.body), shownBody)}
	}
	return f
}

func previewRequest(_ context.Context, call action.Call, p RequestParams) (action.Preview, error) {
	c, err := clientOf(call)
	if err != nil {
		return action.Preview{}, invalid(p.Brief(), err)
	}
	m, body, err := c.compose(p)
	if err != nil {
		return action.Preview{}, invalid(p.Brief(), err)
	}
	return action.Preview{Summary: m.String() + ", " + body.describe()}, nil
}

func (c *client) compose(p RequestParams) (message, payload, error) {
	to, err := c.destination(p.at)
	if err != nil {
		return message{}, payload{}, err
	}
	body, err := payloadOf(p.JSON, p.Body)
	if err != nil {
		return message{}, payload{}, err
	}
	if err := endpoint.CheckHeaders(p.Headers); err != nil {
		return message{}, payload{}, err
	}
	for name := range p.Headers {
		if strings.EqualFold(name, "Content-Length") || strings.EqualFold(name, "Transfer-Encoding") {
			return message{}, payload{}, errors.New("header " + name + " is set by the client; leave it out")
		}
	}
	return c.message(p.Method, to, p.Headers, body), body, nil
}

func outputsOf(r reply) RequestOutputs {
	o := RequestOutputs{
		Status: r.status, Headers: lowerHeaders(r.header), Truncated: r.cut,
		Body:      strings.ToValidUTF8(string(r.body), "\uFFFD"),
		LatencyMS: schema.Milliseconds(r.latency),
	}
	if o.JSON, o.JSONError = parseJSON(r.header.Get("Content-Type"), r.body); o.JSON != nil {
		o.JSON = schema.Ready{Value: o.JSON}
	}
	if r.cut {
		cut := "cut after " + schema.HumanBytes(maxBody)
		o.Body += "… [" + cut + "]"
		if o.JSON = nil; o.JSONError != nil {
			o.JSONError = &cut
		}
	}
	return o
}
