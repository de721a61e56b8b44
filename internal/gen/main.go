// Command gen writes what is generated from the declarations of the actions and
// of the files: the pages below docs/reference, the JSON Schemas for editors, and
// the tables in docs, of keys and of what the lab has. `make gen` calls it at the root of the project.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/playbook"
	"runbook/engine/reference"
	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/rehearsal"
)

// folder is where everything lies that is generated as a whole, relative to the
// root of the project. Nothing else may lie in it.
const folder = "docs/reference"

// pages are those into which tables are put: of keys, and of what the lab has.
var pages = []string{"docs/language.md", "docs/environments.md", "docs/rehearsals.md", "docs/lab.md"}

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// write makes the folder below root hold the generated files and no other.
func write(root string) error {
	files, err := generate()
	if err != nil {
		return err
	}
	old, err := read(root)
	if err != nil {
		return err
	}
	for name := range old {
		if files[name] != nil {
			continue
		}
		if err := os.Remove(filepath.Join(root, folder, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("remove what is generated no more: %w", err)
		}
	}
	for name, text := range files {
		path := filepath.Join(root, folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make a folder for %s: %w", name, err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	filled, err := fill(root)
	if err != nil {
		return err
	}
	for name, text := range filled {
		if err := os.WriteFile(filepath.Join(root, name), text, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// fill returns the pages below root with their tables as they are declared now.
func fill(root string) (map[string][]byte, error) {
	tables := reference.Tables(yaml.DeclarationOf[playbook.Playbook](), yaml.DeclarationOf[environment.File](), rehearsal.Declaration())
	maps.Copy(tables, lab.Tables())
	filled := map[string][]byte{}
	for _, name := range pages {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, fmt.Errorf("read a page: %w", err)
		}
		page, err := reference.Fill(string(text), tables)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		filled[name] = []byte(page)
	}
	return filled, nil
}

// generate returns the text of every generated file, by its path below folder.
func generate() (map[string][]byte, error) {
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		return nil, fmt.Errorf("the list of actions: %w", err)
	}
	files := reference.Markdown(registry)
	if files["playbook.schema.json"], err = reference.Schema(registry); err != nil {
		return nil, fmt.Errorf("the schema of playbooks: %w", err)
	}
	if files["runbook.schema.json"], err = reference.EnvironmentSchema(registry); err != nil {
		return nil, fmt.Errorf("the schema of runbook.yaml: %w", err)
	}
	if files["rehearsal.schema.json"], err = rehearsal.Schema(); err != nil {
		return nil, fmt.Errorf("the schema of rehearsals: %w", err)
	}
	return files, nil
}

// read returns the text of every file in the folder below root, by its path
// there; none where there is no folder yet.
func read(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	top := filepath.Join(root, folder)
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name := strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(top)+"/")
		files[name] = text
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", folder, err)
	}
	return files, nil
}
