package redis

import (
	"context"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
)

type configRewriteOutputs struct {
	File string `yaml:"file" doc:"The file, at the server."`
}

func (o configRewriteOutputs) Summary() string { return o.File + " written" }

// ConfigRewrite writes the configuration into its file.
var ConfigRewrite = action.New(action.Spec[action.None, configRewriteOutputs]{
	Name:    "redis.config_rewrite",
	Summary: "Lets a Redis server write the parameters with which it runs into its configuration file, so that the next start has them too.",
	Example: "action: redis.config_rewrite",
	Target:  Target,
	Effect:  action.Write,
	Run: func(ctx context.Context, call action.Call, _ action.None) (configRewriteOutputs, error) {
		s, file, err := configFile(ctx, call)
		if err != nil {
			return configRewriteOutputs{}, action.NotApplied(err)
		}
		_, err = server.Ask(ctx, s, "CONFIG REWRITE", func(ctx context.Context, c *goredis.Client) (string, error) { return c.ConfigRewrite(ctx).Result() })
		return configRewriteOutputs{file}, err
	},
	Preview: func(ctx context.Context, call action.Call, _ action.None) (action.Preview, error) {
		s, file, err := configFile(ctx, call)
		if err != nil {
			return action.Preview{}, err
		}
		return action.Preview{
			Summary: "write the parameters that the server has now into " + file,
			Touches: []action.Object{{Kind: "file", Name: file, Note: "of " + s.Where}},
		}, nil
	},
	Subjects: func(ctx context.Context, call action.Call, _ action.None) ([]action.Subject, error) {
		s, run, err := processOf(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{{Kind: "server", Name: s.Where, ID: run}}, nil
	},
	Look: func(call action.Call, _ action.None, _ []action.Subject) string {
		return server.Looking(server.Of, call, "INFO server")
	},
})

// configFile is the file that a server was started with.
func configFile(ctx context.Context, call action.Call) (*server.Server, string, error) {
	s, err := server.Of(call)
	if err != nil {
		return nil, "", err
	}
	text, err := s.Info(ctx, "server")
	if err != nil {
		return nil, "", err
	}
	file := server.ParseInfo(text)["config_file"]
	if file == "" {
		return nil, "", &action.Failure{
			Where: s.Where, Final: true, What: "the server was started without a configuration file, or does not tell of one", Tried: "INFO server",
			Do: []string{"start it with one; or put its parameters where its command line is written"},
		}
	}
	return s, file, nil
}

// processOf is the process of a server: its id is another after each start.
func processOf(ctx context.Context, call action.Call) (*server.Server, string, error) {
	s, err := server.Of(call)
	if err != nil {
		return nil, "", err
	}
	text, err := s.Info(ctx, "server")
	return s, server.ParseInfo(text)["run_id"], err
}
