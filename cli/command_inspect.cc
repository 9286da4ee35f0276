#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/workspace.h"

namespace millrace::cli {

void AddInspect(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand("inspect", "Look into a data file or a workspace");
  command->add_option("path", *path, "A data file (also compressed), or a workspace")
      ->option_text("PATH")
      ->required();
  command->add_option("--rows", options->rows_max, "Read this many rows only (default: all)")
      ->check(CLI::NonNegativeNumber)
      ->option_text("N");
  command->add_option("--samples", options->sample_rows, "How many rows to show (default: 5)")
      ->check(CLI::Range(0, 1000))
      ->option_text("N");
  auto dialect = std::make_shared<bool>(false);
  command->add_flag("--dialect", *dialect,
                    "Only how a CSV file is written, how sure that is, and the block for a config");
  SetExamples(*command,
              "millrace inspect data.csv.gz             # schema, nulls, ranges, samples\n"
              "millrace inspect big.parquet --rows 1000  # only the first rows\n"
              "millrace inspect odd.csv --dialect        # a `dialect:` block to paste\n"
              "millrace inspect workspace                # what runs have left");
  command->callback([&session, path, options, dialect] {
    session.action = [&session, path, options, dialect] {
      const Result<std::string> found = *dialect ? InspectDialect(*path) : Inspect(*path, *options);
      if (!found.ok()) return Fail(session, found.status());
      PrintOut(session.json ? *found + "\n" : RenderInspect(*found));
      return 0;
    };
  });
}

}  // namespace millrace::cli
