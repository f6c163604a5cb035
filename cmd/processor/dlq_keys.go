package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bankprocessor/internal/sealing"
)

func dlqKeysCommand(t terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "keys", Short: "Makes, rotates and lists the keys that seal dead letters", Args: cobra.NoArgs,
		Long: "Keeps the pair of keysets that dead letters are sealed and opened with. Nothing\n" +
			"here talks to Kafka. docs/dead-letters.md says how the files are handed around.",
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("%w: want create, rotate, retire or list", errUsage)
		},
	}
	c.AddCommand(keysCreateCommand(t), keysRotateCommand(t), keysRetireCommand(t), keysListCommand(t))
	return c
}

// pairFlags name the two files.
type pairFlags struct {
	wrappingFlags
	private, public, output string
}

func (f *pairFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.private, "private", "", "private keyset `FILE`, for operators")
	c.Flags().StringVar(&f.public, "public", "", "public keyset `FILE`, for processors")
	addOutput(c, &f.output, formatText)
	f.wrappingFlags.add(c)
	for _, name := range []string{"private", "public"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // there is no such flag: a mistake in the program
		}
	}
}

func (f *pairFlags) pair() sealing.Pair {
	return sealing.Pair{Private: f.private, Public: f.public, Key: f.source()}
}

func keysCreateCommand(t terminal) *cobra.Command {
	return keysChangeCommand(t, "create", "Makes a pair of keysets; overwrites nothing",
		"processor dlq keys create --private dlq-private.json --public dlq-public.json",
		func(p sealing.Pair) (sealing.Key, error) { return p.Create() })
}

func keysRotateCommand(t terminal) *cobra.Command {
	return keysChangeCommand(t, "rotate", "Adds a key to both keysets, and has new letters sealed with it",
		"processor dlq keys rotate --private dlq-private.json --public dlq-public.json",
		func(p sealing.Pair) (sealing.Key, error) { return p.Rotate() })
}

func keysChangeCommand(t terminal, use, short, example string, change func(sealing.Pair) (sealing.Key, error)) *cobra.Command {
	var f pairFlags
	c := &cobra.Command{
		Use: use, Short: short, Example: "  " + example, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			key, err := change(f.pair())
			if err != nil {
				return err
			}
			return f.tell(t, key)
		},
	}
	f.add(c)
	return c
}

func (f *pairFlags) tell(t terminal, key sealing.Key) error {
	if f.output == formatJSON {
		return writeJSON(t, map[string]string{"keyId": key.ID, "private": f.private, "public": f.public})
	}
	_, err := fmt.Fprintf(t.out, `key      %s is new, and the primary one
private  %s: for those who read dead letters, before the public one goes anywhere
public   %s: for the processors (dead_letters.encryption.public_keyset_file)
`, key.ID, f.private, f.public)
	return err
}

func keysRetireCommand(t terminal) *cobra.Command {
	var f pairFlags
	c := &cobra.Command{
		Use: "retire KEY_ID", Short: "Takes a key out of both keysets, for good",
		Long: "Takes a key out of both keysets. What it sealed cannot be opened any more, by\n" +
			"anybody: look first with `processor dlq list --key-id KEY_ID`.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.pair().Retire(args[0]); err != nil {
				return err
			}
			if f.output == formatJSON {
				return writeJSON(t, map[string]string{"retired": args[0]})
			}
			_, err := fmt.Fprintf(t.out, "key %s is gone from %s and %s\n", args[0], f.private, f.public)
			return err
		},
	}
	f.add(c)
	return c
}

func keysListCommand(t terminal) *cobra.Command {
	var wrapping wrappingFlags
	var output string
	c := &cobra.Command{
		Use: "list FILE", Short: "Lists the keys of a keyset, public or private", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			keys, err := sealing.List(args[0], wrapping.source())
			if err != nil {
				return err
			}
			return listKeys(t, keys, output)
		},
	}
	addOutput(c, &output, formatTable)
	wrapping.add(c)
	return c
}

func listKeys(t terminal, keys []sealing.Key, output string) error {
	if output == formatJSON {
		for _, k := range keys {
			if err := writeJSON(t, map[string]any{
				"keyId": k.ID, "primary": k.Primary, "enabled": k.Enabled, "private": k.Private, "algorithm": k.Algorithm,
			}); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY ID\tPRIMARY\tSTATUS\tTYPE")
	for _, k := range keys {
		first, status := "", "enabled"
		if k.Primary {
			first = "primary"
		}
		if !k.Enabled {
			status = "disabled"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.ID, first, status, k.Algorithm)
	}
	return w.Flush()
}

func writeJSON(t terminal, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%s\n", line)
	return err
}
